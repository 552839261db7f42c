import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startScriptedServer } from '../upload/scripted-server.ts';
import { bin, temporaryFolder } from './run-bin.ts';

/** What makes a terminal; the one of BSD and macOS takes other flags. */
const maker = spawnSync('script', ['--version'], { encoding: 'utf8' });
const isMissing = maker.error !== undefined || !maker.stdout.includes('util-linux');
if (isMissing) process.stderr.write('output on a terminal is not tested: no script of util-linux here\n');

/** An upload on a terminal; `redirection` is what a shell does with the rest. */
async function uploadOnTerminal(redirection = '') {
  const server = await startScriptedServer();
  onTestFinished(() => server.close());
  const dir = await temporaryFolder();
  await writeFile(join(dir, 'video.mp4'), 'content');
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(PULSE_UPLOAD_.*|NO_COLOR|FORCE_COLOR|NODE_OPTIONS|LANG|LC_.*)$/.test(name),
  );
  const env = {
    ...Object.fromEntries(inherited),
    ...{ SHELL: '/bin/sh', TERM: 'xterm', LC_ALL: 'C.UTF-8' },
    ...{ PULSE_UPLOAD_STATE_DIR: join(dir, 'state'), XDG_CONFIG_HOME: join(dir, 'config') },
  };
  const line = `'${process.execPath}' '${bin}' video.mp4 --server ${server.url} ${redirection}`;
  // Its standard input stays open: an end there would be typed into the terminal.
  const child = spawn('script', ['-qec', line, '/dev/null'], { cwd: dir, env, stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
  const [code] = await once(child, 'close');
  const [id] = server.finished.keys();
  return {
    code,
    screen,
    /** Without colours and movements; the bar is in the line that was drawn over it. */
    lines: stripVTControlCharacters(screen).replaceAll('\r\n', '\n').trimEnd().split('\n'),
    url: `${server.url}/uploads/${id}`,
    fileText: (name: string) => readFile(join(dir, name), 'utf8'),
  };
}

const BAR = / 0 % .*[━─]/;
const PROVEN = '  proven  yes, the server holds exactly these bytes';

describe.skipIf(isMissing)('on a terminal', () => {
  test('a bar comes, and the last line is proven, in colour; the URL stands there once', async () => {
    const { code, screen, lines, url } = await uploadOnTerminal();
    expect(code).toBe(0);
    expect(screen).toMatch(BAR);
    expect(screen).toContain('\x1b[32myes, ');
    expect(lines.at(-1)).toBe(PROVEN);
    expect(lines.filter((line) => line.includes(url))).toEqual([`  url     ${url}`]);
  });

  test('the same comes where stdout is a file, which has the URL alone', async () => {
    const { code, screen, lines, url, fileText } = await uploadOnTerminal('> out');
    expect(code).toBe(0);
    expect(screen).toMatch(BAR);
    expect(lines.at(-1)).toBe(PROVEN);
    expect(await fileText('out')).toBe(`${url}\n`);
  });

  test('only the URL comes where stderr is a file, which has no bar and no colours', async () => {
    const { code, screen, url, fileText } = await uploadOnTerminal('2> words');
    expect(code).toBe(0);
    expect(screen).toBe(`${url}\r\n`);
    const words = await fileText('words');
    expect(words).toBe(stripVTControlCharacters(words));
    expect(words).not.toContain('%');
    expect(words.trimEnd().split('\n').at(-1)).toBe(PROVEN);
  });
});
