import process from 'node:process';
import { PulseError } from '../../errors.ts';
import { splitCommandLine } from '../command-line.ts';
import type { Invocation } from '../commands.ts';
import { type CompletedCommand, completedCommands, type Shell, shells } from '../completion/words.ts';
import { helpOf, wroteHelp } from '../help.ts';
import { commonOptions } from '../options/common.ts';

type Write = (commands: readonly CompletedCommand[]) => string;

const scripts: Readonly<Record<Shell, () => Promise<Write>>> = {
  bash: async () => (await import('../completion/bash.ts')).bashScript,
  zsh: async () => (await import('../completion/zsh.ts')).zshScript,
  fish: async () => (await import('../completion/fish.ts')).fishScript,
};

/** `pulse-upload completion <shell>`: a script that completes commands and options, made from their tables. */
export async function run({ argv }: Invocation): Promise<number> {
  const { operands, given } = splitCommandLine(commonOptions, argv);
  if (wroteHelp(given, helpText)) return 0;
  const shell = shells.find((name) => name === operands[0]);
  if (shell === undefined || operands.length > 1) {
    const got = operands.length === 0 ? 'no shell' : `'${operands.join(' ')}'`;
    throw new PulseError('usage', `completion got ${got}, expected ${shells.join(', ')}`, {
      hint: 'pulse-upload completion --help shows how to load it',
    });
  }
  const write = await scripts[shell]();
  process.stdout.write(write(completedCommands()));
  return 0;
}

function helpText(): string {
  return helpOf(
    'completion',
    commonOptions,
    'bash, in ~/.bashrc:                    source <(pulse-upload completion bash)',
    'zsh, in ~/.zshrc below compinit:       source <(pulse-upload completion zsh)',
    'fish, in ~/.config/fish/config.fish:   pulse-upload completion fish | source',
  );
}
