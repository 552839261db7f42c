import type { CompletedCommand, CompletedOption } from './words.ts';

/** A script that may be sourced, or stand in ~/.config/fish/completions/pulse-upload.fish. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  return `# Completion of pulse-upload for fish: pulse-upload completion fish | source
function __pulse_upload_command
    set -l words (commandline -opc)
    if test (count $words) -gt 1; and contains -- $words[2] ${commands.map(({ name }) => name).join(' ')}
        echo $words[2]
    else
        echo upload
    end
end

${commands.flatMap(commandLines).join('\n')}
`;
}

function commandLines(command: CompletedCommand): readonly string[] {
  const { name, meaning, options, operands } = command;
  const here = `complete -c pulse-upload -n 'test (__pulse_upload_command) = ${name}'`;
  return [
    `complete -c pulse-upload -n 'test (count (commandline -opc)) = 1' -a ${name} -d ${quoted(meaning)}`,
    ...(operands.kind === 'files' ? [] : [`${here} -f`]),
    ...(operands.kind === 'choices' ? [`${here} -a '${operands.choices.join(' ')}'`] : []),
    ...(operands.kind === 'files' && operands.words !== undefined
      ? [
          `complete -c pulse-upload -n 'test (__pulse_upload_command) = ${name}; and test (count (commandline -opc)) = 2' -a '${operands.words.join(' ')}'`,
        ]
      : []),
    ...options.map((option) => `${here} ${optionWords(option)}`),
  ];
}

function optionWords({ long, short, meaning, takes }: CompletedOption): string {
  const value = {
    nothing: '',
    text: ' -x',
    files: ' -r -F',
    listed:
      takes.kind === 'listed'
        ? ` -x -a '(pulse-upload ${takes.by} 2>/dev/null | string replace -r " .*" "")'`
        : '',
    choices: takes.kind === 'choices' ? ` -x -a '${takes.choices.join(' ')}'` : '',
  }[takes.kind];
  return `${short === undefined ? '' : `-s ${short.slice(1)} `}-l ${long.slice(2)}${value} -d ${quoted(meaning)}`;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
