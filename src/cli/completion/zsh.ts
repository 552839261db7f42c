import type { CompletedCommand, CompletedOption, Takes } from './words.ts';

/** A script that may be sourced, or stand in a folder of $fpath under the name _pulse-upload. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join('|');
  return `#compdef pulse-upload
# Completion of pulse-upload for zsh: source <(pulse-upload completion zsh)

_pulse_upload() {
  local command=upload
  if (( CURRENT > 2 )) && [[ $words[2] == (${names}) ]]; then
    command=$words[2]
    words=("\${(@)words[2,-1]}")
    (( CURRENT-- ))
    _pulse_upload_$command
    return
  fi
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    local -a commands=(
${commands.map(({ name, meaning }) => `      ${quoted(`${name}:${meaning}`)}`).join('\n')}
    )
    _describe command commands
  fi
  _pulse_upload_upload
}

${commands.map(commandFunction).join('\n')}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _pulse_upload "$@"
else
  compdef _pulse_upload pulse-upload
fi
`;
}

function commandFunction({ name, options, operands }: CompletedCommand): string {
  const specs = [...options.flatMap(optionSpecs), ...operandSpecs(operands)].map(quoted);
  return `_pulse_upload_${name}() {
  _arguments -s -S \\
    ${specs.join(' \\\n    ')}
}
`;
}

function optionSpecs(option: CompletedOption): readonly string[] {
  const { long, short, takes, isRepeatable } = option;
  const text = `[${option.meaning.replace(/[\\[\]]/g, '\\$&')}]`;
  const before = isRepeatable ? '*' : `(${[short, long].filter(Boolean).join(' ')})`;
  const behind = takes.kind === 'nothing' ? '' : `:${escaped(whatOf(takes, long))}:${actionOf(takes)}`;
  const spellings = takes.kind === 'nothing' ? [short, long] : [short && `${short}+`, `${long}=`];
  return spellings.flatMap((spelling) => (spelling ? [`${before}${spelling}${text}${behind}`] : []));
}

function operandSpecs(operands: Takes): readonly string[] {
  if (operands.kind === 'nothing') return [];
  const words = operands.kind === 'files' ? operands.words : undefined;
  return [
    ...(words === undefined ? [] : [`1:file:{compadd ${words.join(' ')}; _files}`]),
    `*:${escaped(whatOf(operands, 'file'))}:${actionOf(operands)}`,
  ];
}

function whatOf(takes: Takes, otherwise: string): string {
  return takes.kind === 'text' ? takes.what : otherwise.replace(/^--/, '');
}

function actionOf(takes: Takes): string {
  if (takes.kind === 'files') return '_files';
  if (takes.kind === 'listed') return `{compadd -- $(pulse-upload ${takes.by} 2>/dev/null | cut -d" " -f1)}`;
  return takes.kind === 'choices' ? `(${takes.choices.join(' ')})` : ' ';
}

/** A colon ends a part of a spec. */
function escaped(text: string): string {
  return text.replace(/[\\:]/g, '\\$&');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
