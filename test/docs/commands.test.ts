import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { splitCommandLine } from '../../src/cli/command-line.ts';
import { isCommandName } from '../../src/cli/commands.ts';
import { commandTables } from '../../src/cli/options/command-tables.ts';
import { longFlag } from '../../src/cli/options/option-table.ts';
import { startServer } from '../../src/server/server.ts';
import { runBin, temporaryFolder } from '../cli/run-bin.ts';
import { commandsOf, pages, type ShownCommand } from './commands-of-pages.ts';

const shown = pages.flatMap(commandsOf);

function parse({ argv: [first, ...rest] }: ShownCommand) {
  const named = isCommandName(first);
  const argv = named || first === undefined ? rest : [first, ...rest];
  return splitCommandLine(commandTables[named ? first : 'upload'], argv);
}

describe('every command of the docs', () => {
  test('is one that the tool understands', () => {
    expect(shown.length).toBeGreaterThan(30);
    const odd = shown.flatMap((command) => {
      try {
        parse(command);
        return [];
      } catch (error) {
        return [`${command.page}: ${command.text}: ${error instanceof Error ? error.message : error}`];
      }
    });
    expect(odd).toEqual([]);
  });

  test('that is misspelt would be found', () => {
    const wrong = { page: '', text: '', isBlock: true, argv: ['verify', 'http://h/', '--chunk-sizes', '1'] };
    expect(() => parse(wrong)).toThrow('--chunk-sizes');
  });
});

/** Pages whose uploads, lists and so on can be run one after another; ci, bulk and at-scale have tests of their own. */
const runnable = ['README.md', 'docs/upload.md', 'docs/resume.md', 'docs/scripting.md', 'docs/verify.md'];

test.each(runnable)(
  'the commands of %s end with 0 in a folder with these files and a server',
  async (page) => {
    const dir = await temporaryFolder();
    const server = await startServer({
      host: '127.0.0.1',
      port: 0,
      dir: join(dir, 'served'),
      protocol: 'pulse',
    });
    onTestFinished(() => server.close());
    await mkdir(join(dir, 'fixtures'));
    await copyFile('fixtures/sample.mp4', join(dir, 'fixtures', 'sample.mp4'));
    for (const name of ['video.mp4', 'big.mp4']) await writeFile(join(dir, name), randomBytes(100_000));
    const env = { PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
    // Where a page shows prompts, a line without one is output.
    const hasPrompts = commandsOf(page).some(({ text }) => text.startsWith('$ '));
    const isTyped = (text: string) => !hasPrompts || /^\$ |\(pulse-upload /.test(text);
    const commands = commandsOf(page).filter(
      // A server runs until it is stopped, reports are run by ci.test.ts, and nothing can be forgotten that is done.
      ({ isBlock, text, argv: [first = ''] }) =>
        isBlock && isTyped(text) && !/^(serve|report|forget)$/.test(first),
    );
    expect(commands.length).toBeGreaterThan(0);
    for (const { text, argv } of commands) {
      const meant = argv.map((word) => word.replaceAll(/http:\/\/127\.0\.0\.1:8080|\$SERVER/g, server.url));
      const { code, stderr } = await runBin(meant, { cwd: dir, env });
      expect({ text, code, stderr }).toMatchObject({ code: 0 });
    }
  },
);

/** Options that the pages name and that belong to GNU parallel, another server, and the benchmark. */
const ofOthers: ReadonlySet<string> = new Set(['--sshlogin', '--max-body-size', '--size']);

describe('the pages', () => {
  test('name no option that does not exist', () => {
    const flags = new Set(
      Object.values(commandTables).flatMap((table) => Object.values(table).map(longFlag)),
    );
    const named = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/`(--[a-z][a-z\d-]+)(?=[`\s=])/g)].map(([, flag = '']) => ({
        page,
        flag,
      })),
    );
    expect(named.length).toBeGreaterThan(100);
    expect(named.filter(({ flag }) => !flags.has(flag) && !ofOthers.has(flag))).toEqual([]);
  });

  test('link only to files that exist', () => {
    const broken = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
        .filter(([, target = '']) => !existsSync(join(dirname(page), target)))
        .map(([, target]) => `${page}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  test('are all linked from the README', () => {
    const readme = readFileSync('README.md', 'utf8');
    expect(
      pages.slice(2).filter((page) => !readme.includes(`(${page})`) && page !== 'docs/adding-a-check.md'),
    ).toEqual([]);
  });
});
