import { execFile, execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type Shell, shells } from '../../src/cli/completion/words.ts';
import { commandTables, meaningOf } from '../../src/cli/options/command-tables.ts';
import { longFlag } from '../../src/cli/options/option-table.ts';
import { bin, runBin, temporaryFolder } from './run-bin.ts';

type Complete = (line: string) => Promise<readonly string[]>;

function isThere(shell: Shell): boolean {
  try {
    execFileSync(shell, ['-c', 'exit 0'], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn(`${shell} is not installed: its completion is not tested`);
    return false;
  }
}

/** A folder with a video, a folder and the script, and what the shell completes a line to there. */
async function startShell(shell: Shell): Promise<Complete> {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'my video.mp4'), '');
  await mkdir(join(cwd, 'recordings'));
  const { code, stdout, stderr } = await runBin(['completion', shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const programs = await temporaryFolder();
  // The ids of checks are asked of the program.
  await writeFile(join(programs, 'pulse-upload'), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`, {
    mode: 0o755,
  });
  const script = join(programs, 'script');
  await writeFile(script, stdout);
  return async (line) => {
    const [program, ...args] = commandsOf[shell](script, line);
    const env = { PATH: `${programs}:${process.env.PATH}`, HOME: cwd, TERM: 'dumb', LC_ALL: 'C.UTF-8' };
    const run = promisify(execFile)(program ?? '', args, { cwd, env });
    const { stdout } = await run;
    // zsh shows matches in columns with what they mean, or rings the bell and writes on in the line.
    if (shell === 'zsh') return stdout.replaceAll('\x07', '').split(/=?\s+/);
    return stdout.split('\n').map((text) => text.replace(/\t.*/, ''));
  };
}

const commandsOf: Readonly<Record<Shell, (script: string, line: string) => readonly string[]>> = {
  // What bash does on a tab: the words as COMP_WORDS, with = a word of its own, then the function of `complete`.
  bash: (script, line) => {
    const words = line.split(/ |(?==)|(?<==)/);
    const lines = [
      'source "$0"',
      'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))',
      // Only readline may change options of a completion under way.
      'compopt() { :; }',
      "$(complete -p pulse-upload | sed 's/.*-F \\([^ ]*\\) .*/\\1/')",
      'printf "%s\\n" "$'.concat('{COMPREPLY[@]}"'),
    ];
    return ['bash', '--norc', '-c', lines.join('\n'), script, ...words];
  },
  // An interactive zsh on a terminal of its own, with a line typed into it that it completes, and what that shows.
  zsh: (script, line) => [
    'zsh',
    '-f',
    '-c',
    [
      'zmodload zsh/zpty',
      'zpty tab zsh -f -i',
      'say() { zpty -w tab "$1" }',
      // The end of a command is told by its output, which the line typed does not hold: the editor may show that too.
      'until_seen() { local seen= piece; while [[ $seen != *$1* ]]; do zpty -r tab piece || exit 1; seen+=$piece; done; print -rn -- "$seen" }',
      'say "PS1=; unset zle_bracketed_paste; stty -echo; autoload -Uz compinit; compinit -u; source $1"',
      // The line editor itself says that it listens and that it is done; keys that wait would keep it from showing the matches.
      `say 'zle-line-init() { print ready""-now }; fin() { zle expand-or-complete; zle -R; print; print -r -- $BUFFER; print done""-now }; zle -N fin; bindkey ^X fin; zle -N zle-line-init'`,
      'until_seen ready-now >/dev/null',
      'zpty -w -n tab "$2"',
      "zpty -w -n tab $'\\C-x'",
      'until_seen done-now',
    ].join('\n'),
    'zsh',
    script,
    line,
  ],
  fish: (script, line) => [
    'fish',
    '--no-config',
    '-c',
    'source $argv[1]; complete -C $argv[2]',
    script,
    line,
  ],
};

describe.each(shells)('completion in %s', (shell) => {
  const has = isThere(shell);

  test.skipIf(!has)('knows commands, options, words and files', async () => {
    const complete = await startShell(shell);
    expect(await complete('pulse-upload ver')).toContain('verify');
    expect(await complete('pulse-upload --chunk')).toContain('--chunk-size');
    expect(await complete('pulse-upload verify --expect')).toContain('--expect-failures');
    expect(await complete('pulse-upload completion ')).toEqual(expect.arrayContaining([...shells]));
    expect(await complete('pulse-upload video.mp4 --protocol p')).toContain('pulse');
    expect(await complete('pulse-upload serve --chunk')).not.toContain('--chunk-size');
  });

  test.skipIf(!has)(
    'knows the ids of checks and defects, and what ledger does besides showing one',
    async () => {
      const complete = await startShell(shell);
      expect(await complete('pulse-upload verify --explain core.head.st')).toContain('core.head.status');
      expect(await complete('pulse-upload verify --only=pulse.health.')).toContain(
        shell === 'fish' ? '--only=pulse.health.200' : 'pulse.health.200',
      );
      expect(await complete('pulse-upload serve --defect head-2')).toContain('head-202');
      const behindLedger = await complete('pulse-upload ledger ');
      expect(behindLedger).toEqual(expect.arrayContaining(['check', 'merge']));
      expect(behindLedger.join()).toContain('recordings');
      expect(await complete('pulse-upload ledger check mer')).not.toContain('merge');
    },
  );

  test.skipIf(!has)('knows every option of every command', async () => {
    const complete = await startShell(shell);
    for (const [command, table] of Object.entries(commandTables)) {
      const flags = Object.values(table).map(longFlag);
      expect(await complete(`pulse-upload ${command} --`), command).toEqual(expect.arrayContaining(flags));
    }
  });
});

test('every option and every command says what it is for', () => {
  const silent = Object.entries(commandTables).flatMap(([command, table]) =>
    Object.values(table)
      .filter((spec) => meaningOf(spec) === '')
      .map((spec) => `${command} ${longFlag(spec)}`),
  );
  expect(silent).toEqual([]);
});

test('a shell that is not known is a usage error that names those that are', async () => {
  for (const args of [[], ['tcsh'], ['bash', 'zsh']]) {
    const { code, stdout, stderr } = await runBin(['completion', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('expected bash, zsh, fish');
  }
});
