import type { CompletedCommand, CompletedOption, Takes } from './words.ts';

/** A script for bash 3.2 and later; needs no bash-completion. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name);
  return `# Completion of pulse-upload for bash: source <(pulse-upload completion bash)
_pulse_upload_or_files() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$1" -- "$2") $(compgen -f -- "$2"))
  compopt -o filenames 2>/dev/null
}
_pulse_upload() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=upload flags
  # bash makes a word of the = in --option=value.
  if [ "$cur" = = ]; then cur=
  elif [ "$prev" = = ]; then prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  if [ "$COMP_CWORD" -gt 1 ]; then
    case \${COMP_WORDS[1]} in ${names.join('|')}) command=\${COMP_WORDS[1]} ;; esac
  fi
  COMPREPLY=()
  case $command:$prev in
${commands.flatMap(valueCases).join('\n')}
  esac
  case $command in
${commands.map(({ name, options }) => `    ${name}) flags='${options.flatMap(spellings).join(' ')}' ;;`).join('\n')}
  esac
  if [ "\${cur:0:1}" = - ]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
    return
  fi
  if [ "$COMP_CWORD" = 1 ]; then
    _pulse_upload_or_files ${lines(names)} "$cur"
    return
  fi
  case $command in
${commands.map(operandCase).join('\n')}
  esac
}
# Without an answer of ours, names of files are completed.
complete -o default -F _pulse_upload pulse-upload
`;
}

/** Words as bash reads them one a line. */
function lines(words: readonly string[]): string {
  return `$'${words.join('\\n')}'`;
}

function spellings({ short, long }: CompletedOption): readonly string[] {
  return short === undefined ? [long] : [short, long];
}

function valueCases({ name, options }: CompletedCommand): readonly string[] {
  return options
    .filter(({ takes }) => takes.kind !== 'nothing')
    .map((option) => {
      const patterns = spellings(option).map((flag) => `${name}:${flag}`);
      return `    ${patterns.join('|')}) ${answerFor(option.takes)}return ;;`;
    });
}

function answerFor(takes: Takes): string {
  if (takes.kind === 'choices') return `COMPREPLY=($(compgen -W '${takes.choices.join(' ')}' -- "$cur")); `;
  if (takes.kind === 'files') return '';
  const listed =
    takes.kind === 'listed'
      ? `COMPREPLY=($(compgen -W "$(pulse-upload ${takes.by} 2>/dev/null | cut -d' ' -f1)" -- "$cur")); `
      : '';
  return `${listed}compopt +o default 2>/dev/null; `;
}

function operandCase({ name, operands }: CompletedCommand): string {
  if (operands.kind === 'files') return `    ${name}) ${firstWords(operands.words)};;`;
  if (operands.kind !== 'choices') return `    ${name}) compopt +o default 2>/dev/null ;;`;
  return `    ${name}) COMPREPLY=($(compgen -W '${operands.choices.join(' ')}' -- "$cur")) ;;`;
}

function firstWords(words: readonly string[] | undefined): string {
  return words === undefined ? '' : `[ "$COMP_CWORD" = 2 ] && _pulse_upload_or_files ${lines(words)} "$cur" `;
}
