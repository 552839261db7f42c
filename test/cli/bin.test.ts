import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { commandTables } from '../../src/cli/options/command-tables.ts';
import { longFlag } from '../../src/cli/options/option-table.ts';
import { serveOptions } from '../../src/cli/options/serve.ts';
import { uploadOptions } from '../../src/cli/options/upload.ts';
import { runBin, temporaryFolder } from './run-bin.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

/** Node flags that print the URL of every module the program loads to stderr. */
function tracingLoads(): readonly string[] {
  const hooks = `
    import { writeSync } from 'node:fs';
    export async function load(url, context, next) { writeSync(2, url + '\\n'); return next(url, context); }`;
  const register = `
    import { register } from 'node:module';
    register('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(hooks))});`;
  return ['--import', `data:text/javascript,${encodeURIComponent(register)}`];
}

function loadedFiles(stderr: string): readonly string[] {
  const root = `${pathToFileURL('.').href}/`;
  return stderr
    .split('\n')
    .filter((url) => url.startsWith('file:'))
    .map((url) => url.replace(root, ''));
}

describe('--version', () => {
  test.each(['--version', '-V'])('%s prints the version of the package', async (flag) => {
    expect(await runBin([flag])).toEqual({ code: 0, signal: null, stdout: `${version}\n`, stderr: '' });
  });

  test('loads nothing but the list of commands and the version', async () => {
    const { stderr } = await runBin(['--version'], { node: tracingLoads() });
    const loaded = loadedFiles(stderr);
    expect(loaded.slice(0, 2)).toEqual(['bin/pulse-upload.js', 'dist/cli/main.js']);
    // The options alone would be larger than that.
    const bytes = loaded.map((file) => statSync(file).size).reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeLessThan(6 * 1024);
  });

  test('works behind other arguments too', async () => {
    expect((await runBin(['video.mp4', '--version'])).stdout).toBe(`${version}\n`);
    expect((await runBin(['serve', '--version'])).stdout).toBe(`${version}\n`);
  });
});

describe('--help', () => {
  test('fits one screen and shows an example', async () => {
    const { code, stdout, stderr } = await runBin(['--help']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(79);
    expect(stdout).toContain('Example: pulse-upload video.mp4 --server');
  });

  test('names every option and every command', async () => {
    const [help, tus, serve] = await Promise.all(
      [['-h'], ['--help-tus'], ['serve', '--help']].map((argv) => runBin(argv)),
    );
    for (const spec of Object.values(uploadOptions))
      expect(`${help?.stdout}${tus?.stdout}`).toContain(longFlag(spec));
    expect(help?.stdout).toContain('--limit-rate');
    for (const spec of Object.values(serveOptions)) expect(serve?.stdout).toContain(longFlag(spec));
    expect(help?.stdout).toContain('pulse-upload serve');
  });

  test('says where the options have their words that have none here; --help-all has words for each', async () => {
    expect((await runBin(['--help'])).stdout).toContain(
      '\nFurther options, which --help-all describes:\n  -t, --token',
    );
    for (const [name, table] of Object.entries(commandTables)) {
      const { code, stdout, stderr } = await runBin([name, '--help-all']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const spec of Object.values(table)) {
        // Behind the flags, or where these are too long for their column, one blank behind them.
        const [line = ''] = stdout.split('\n').filter((each) => each.trimStart().startsWith(spec.flags));
        expect(line, `${name} ${spec.flags}`).toMatch(/ \S+$/);
        expect(line.trim()).not.toBe(spec.flags);
      }
      expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThan(80);
    }
  });

  test.each([
    [['help'], ['--help']],
    [
      ['help', 'verify'],
      ['verify', '--help'],
    ],
    [
      ['--help', 'verify'],
      ['verify', '--help'],
    ],
    [
      ['--help-all', 'serve'],
      ['serve', '--help-all'],
    ],
    [['version'], ['--version']],
  ])('%j asks for what %j asks for', async (words, flags) => {
    const asked = await runBin(words);
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    expect(asked).toEqual(await runBin(flags));
  });

  test('and version are files where files of these names are there', async () => {
    const cwd = await temporaryFolder();
    for (const name of ['help', 'version']) {
      await writeFile(join(cwd, name), 'x');
      const { code, stderr } = await runBin([name], { cwd });
      expect(code).toBe(2);
      expect(stderr).toContain('no server is given');
    }
  });

  test('loads no library but commander', async () => {
    const { stderr } = await runBin(['--help'], { node: tracingLoads() });
    const libraries = loadedFiles(stderr).filter((file) => file.includes('node_modules/'));
    expect(libraries.length).toBeGreaterThan(0);
    expect(libraries.filter((file) => !file.includes('node_modules/commander/'))).toEqual([]);
  });
});

describe('few files are loaded', () => {
  const built = (stderr: string) =>
    loadedFiles(stderr).map((file) => file.replace(/^dist\/chunks\/(.+)-[\w-]{8}\.js$/, 'dist/chunks/$1'));

  test('for an upload', async () => {
    const argv = ['nothing-is-here.mp4', '--server', 'http://127.0.0.1:9', '--protocol', 'pulse'];
    const { code, stderr } = await runBin(argv, { node: tracingLoads() });
    expect(code).toBe(3);
    const ours = built(stderr).filter((file) => !file.startsWith('node_modules/commander/'));
    const chunks = ['library', 'rolldown-runtime', 'start', 'upload'].map((name) => `dist/chunks/${name}`);
    expect(ours.toSorted()).toEqual(['bin/pulse-upload.js', ...chunks, 'dist/cli/main.js']);
  });

  test('for the library, and none of the command line', () => {
    const argv = [...tracingLoads(), '--input-type=module', '--eval', "import './dist/index.js'"];
    const { stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
    expect(built(stderr)).toEqual(['dist/index.js', 'dist/chunks/library']);
  });
});

describe('a command line that makes no sense', () => {
  test('without any arguments gets the help on stderr', async () => {
    const { code, stdout, stderr } = await runBin([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: pulse-upload/);
  });

  test('with a mistyped option gets a suggestion', async () => {
    const { code, stdout, stderr } = await runBin(['video.mp4', '--servr', 'http://127.0.0.1']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe("error: unknown option '--servr'\n next: did you mean --server?\n");
  });

  test('with an unsupported value is told what to write', async () => {
    const { code, stderr } = await runBin(['video.mp4', '-s', 'http://127.0.0.1', '--chunk-size', '12q']);
    expect(code).toBe(2);
    expect(stderr).toBe(
      "error: --chunk-size is '12q', expected the unit KiB, MiB or GiB (or k, M, G, which mean the same), or none for bytes\n" +
        ' next: write for example 1048576, 512KiB, 1MiB or 2GiB\n',
    );
  });

  test.each([[['serv']], [['--server', 'http://127.0.0.1', 'serve']], [['-v', 'sevre', '--port', '1']]])(
    'with a command that is mistyped or stands in the wrong place, %j, gets a suggestion',
    async (argv) => {
      const { code, stderr } = await runBin(argv);
      expect(code).toBe(2);
      expect(stderr).toContain('did you mean serve?');
    },
  );

  test.each([
    [['ls'], 'pulse-upload list shows what is unfinished'],
    [['status'], 'pulse-upload list shows what is unfinished'],
    [['resume', 'big.mp4', '-s', 'http://127.0.0.1'], 'pulse-upload list shows what is unfinished'],
    [['help', 'video.mp4', '-s', 'http://127.0.0.1'], 'write pulse-upload help, or pulse-upload help verify'],
    [['hepl'], 'did you mean help?'],
    [['frobnicate'], 'pulse-upload --help lists the commands'],
    [['video.mp4', 'http://127.0.0.1:8210'], 'give it as --server http://127.0.0.1:8210\n'],
    [['https://127.0.0.1/?k=s3cret'], 'give it as --server https://127.0.0.1/?…\n'],
  ])('with words that are no file and no command, %j, says what to write', async (argv, next) => {
    const { code, stdout, stderr } = await runBin(argv, { cwd: await temporaryFolder() });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: '[^']+' is .*\n next: /);
    expect(stderr).toContain(next);
  });

  test('is an event under --json', async () => {
    const { code, stdout } = await runBin(['video.mp4', '--json', '--retries', 'many']);
    expect(code).toBe(2);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events).toMatchObject([
      { type: 'upload.failed', kind: 'usage', exitCode: 2, resumable: false },
      { type: 'run.end', exitCode: 2, done: 0 },
    ]);
  });

  test('never shows a token', async () => {
    const bad = await runBin(['video.mp4', '-s', 'http://127.0.0.1', '--token', 's3crét']);
    expect(bad.code).toBe(2);
    expect(bad.stdout + bad.stderr).not.toContain('s3cr');
    const url = await runBin(['video.mp4', '-s', 'http://me:s3cret@127.0.0.1']);
    expect(url.code).toBe(2);
    expect(url.stdout + url.stderr).not.toContain('s3cret');
  });
});

describe('an exception that nobody expected', () => {
  const breakHome = `
    import os from 'node:os';
    import { syncBuiltinESMExports } from 'node:module';
    os.homedir = () => { throw new TypeError('boom'); };
    syncBuiltinESMExports();`;
  const node = ['--import', `data:text/javascript,${encodeURIComponent(breakHome)}`];
  const argv = ['video.mp4', '-s', 'http://127.0.0.1'];

  test('is one line and a hint, and exits with 70', async () => {
    const { code, stderr } = await runBin(argv, { node });
    expect(code).toBe(70);
    expect(stderr).toMatch(/^error: unexpected error: boom\n next: [^\n]+\n$/);
  });

  test('shows its stack with --verbose', async () => {
    const { code, stderr } = await runBin([...argv, '-v'], { node });
    expect(code).toBe(70);
    expect(stderr).toMatch(/TypeError: boom\n +at .*\nerror: unexpected error: boom\n/s);
  });

  test('is an event under --json', async () => {
    const { stdout } = await runBin([...argv, '--json'], { node });
    expect(stdout).toContain('"kind":"bug","exitCode":70');
  });
});

describe('colours', () => {
  const colored = async (args: readonly string[], env: Readonly<Record<string, string>>) =>
    (await runBin(['--nonsense', ...args], { env })).stderr.includes('\x1b[');

  test('do not go into pipes unless FORCE_COLOR asks for them, and --no-color has the last word', async () => {
    expect(await colored([], {})).toBe(false);
    expect(await colored([], { FORCE_COLOR: '1' })).toBe(true);
    expect(await colored([], { FORCE_COLOR: '0' })).toBe(false);
    expect(await colored(['--no-color'], { FORCE_COLOR: '1' })).toBe(false);
  });
});
