import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { splitCommandLine } from '../../src/cli/command-line.ts';
import { configPaths } from '../../src/cli/config/config-path.ts';
import { configurable, parseConfig } from '../../src/cli/config/settings-file.ts';
import { bulkOptions } from '../../src/cli/options/bulk.ts';
import { commandTables } from '../../src/cli/options/command-tables.ts';
import { ledgerOptions } from '../../src/cli/options/ledger.ts';
import { type Environment, longFlag, variableOf } from '../../src/cli/options/option-table.ts';
import { serveOptions } from '../../src/cli/options/serve.ts';
import { readUploadValues, uploadOptions } from '../../src/cli/options/upload.ts';
import { verifyOptions } from '../../src/cli/options/verify.ts';
import { runBin, temporaryFolder } from './run-bin.ts';
import { errorOf } from './usage-errors.ts';

const upload = { ...uploadOptions, ...bulkOptions };
const sections = ['verify', 'serve', 'list', 'ledger'];

function configOf(content: unknown, path = 'c.json') {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return parseConfig(text, path, { upload, sections });
}

function valuesFor(content: unknown, argv: readonly string[] = [], environment: Environment = {}) {
  return readUploadValues(splitCommandLine(upload, argv).given, environment, configOf(content));
}

test('a proof of what is not finalized is refused wherever the two are asked for', () => {
  const message = (one: string, other: string) => `${one} needs finalize, which ${other} leaves out`;
  const variables = { PULSE_UPLOAD_REQUIRE_PROOF: '1', PULSE_UPLOAD_NO_FINALIZE: 'yes' };
  expect(
    errorOf(() => valuesFor({}, ['a', '--no-finalize'], { PULSE_UPLOAD_REQUIRE_PROOF: '1' })),
  ).toMatchObject({
    kind: 'usage',
    message: message('PULSE_UPLOAD_REQUIRE_PROOF', '--no-finalize'),
  });
  expect(errorOf(() => valuesFor({ requireProof: true, noFinalize: true })).message).toBe(
    message('c.json: requireProof', 'c.json: noFinalize'),
  );
  expect(errorOf(() => valuesFor({}, [], variables)).message).toBe(
    message('PULSE_UPLOAD_REQUIRE_PROOF', 'PULSE_UPLOAD_NO_FINALIZE'),
  );
  expect(
    valuesFor({ requireProof: true }, ['a', '--no-finalize'], { PULSE_UPLOAD_REQUIRE_PROOF: '0' }),
  ).toMatchObject({ noFinalize: true, requireProof: false });
});

describe('a config file', () => {
  test('stands below flags and environment, and above defaults', () => {
    const config = { chunkSize: '2MiB', header: ['X-A: file'], noResume: true };
    const other = {
      PULSE_UPLOAD_CHUNK_SIZE: '3MiB',
      PULSE_UPLOAD_HEADER: 'X-A: env',
      PULSE_UPLOAD_NO_RESUME: '0',
    };
    expect(valuesFor({})).toMatchObject({ chunkSize: 1_048_576, header: {}, noResume: false });
    expect(valuesFor(config)).toMatchObject({
      chunkSize: 2_097_152,
      header: { 'X-A': 'file' },
      noResume: true,
    });
    expect(valuesFor(config, [], other)).toMatchObject({
      chunkSize: 3_145_728,
      header: { 'X-A': 'env' },
      noResume: false,
    });
    const argv = ['--chunk-size', '4MiB', '-H', 'X-A: flag', '--no-resume'];
    expect(valuesFor(config, argv, other)).toMatchObject({
      chunkSize: 4_194_304,
      header: { 'X-A': 'flag' },
      noResume: true,
    });
  });

  test('gives counts, sizes and times as numbers, too', () => {
    expect(valuesFor({ retries: 7, chunkSize: 1000, timeout: 5 })).toMatchObject({
      retries: 7,
      chunkSize: 1000,
      timeout: 5000,
    });
  });

  test('has an object for every other command, which holds for that command only', () => {
    const text = JSON.stringify({ chunkSize: '2MiB', verify: { strict: true, timeout: '3s' } });
    const section = { name: 'verify', table: verifyOptions };
    expect([...parseConfig(text, 'c.json', { upload, section, sections })]).toEqual([
      ['strict', { source: 'c.json: verify.strict', texts: ['1'] }],
      ['timeout', { source: 'c.json: verify.timeout', texts: ['3s'] }],
    ]);
    expect([...configOf(text).keys()]).toEqual(['chunkSize']);
  });

  test('has a ledger for uploading as a text, and as an object what the command ledger goes by', () => {
    expect(configOf({ ledger: 'done.jsonl' }, '/l/c.json').get('ledger')?.texts).toEqual([
      resolve('/l/done.jsonl'),
    ]);
    expect([...configOf({ ledger: { json: true } }).keys()]).toEqual([]);
    const section = { name: 'ledger', table: ledgerOptions };
    const ofCommand = (content: object) =>
      parseConfig(JSON.stringify(content), 'c.json', { upload, section, sections });
    expect([...ofCommand({ ledger: 'done.jsonl' }).keys()]).toEqual([]);
    expect([...ofCommand({ ledger: { json: true } }).keys()]).toEqual(['json']);
    expect(errorOf(() => configOf({ ledger: 7 })).message).toBe(
      'c.json: ledger is a number, expected a string',
    );
  });

  test('may hold every key that docs/config-keys.md lists, with a value of the type that stands there', () => {
    const names = Object.keys(commandTables).filter((name) => name !== 'upload');
    const page = readFileSync('docs/config-keys.md', 'utf8');
    for (const part of page.split('\n## ').slice(1)) {
      const [, name] = /^In the object `(\w+)`/.exec(part) ?? [];
      const listed = [...part.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)];
      expect(listed.length).toBeGreaterThan(0);
      for (const [, key = '', type = ''] of listed) {
        const value = type === 'true or false' ? true : type === 'list of strings' ? ['x'] : 'x';
        const config = name === undefined ? { [key]: value } : { [name]: { [key]: value } };
        const table = name === undefined ? undefined : commandTables[name as 'verify'];
        const section = name === undefined || table === undefined ? {} : { section: { name, table } };
        const found = parseConfig(JSON.stringify(config), 'c.json', { upload, ...section, sections: names });
        expect([...found.keys()]).toEqual([key]);
      }
    }
  });

  test('has paths relative to its own folder', () => {
    const config = configOf(
      { tokenFile: 'secret/token', filesFrom: ['-', 'list'], name: 'a.mp4' },
      '/etc/pu/c.json',
    );
    expect(config.get('tokenFile')?.texts).toEqual([resolve('/etc/pu/secret/token')]);
    expect(config.get('filesFrom')?.texts).toEqual(['-', resolve('/etc/pu/list')]);
    expect(config.get('name')?.texts).toEqual(['a.mp4']);
    const text = JSON.stringify({ serve: { extensions: 'checksum,creation', dir: 'videos' } });
    const section = { name: 'serve', table: serveOptions };
    const serve = parseConfig(text, '/etc/pu/c.json', { upload, section, sections });
    expect(serve.get('extensions')?.texts).toEqual(['checksum,creation']);
  });

  test.each([
    [{ chunkSiez: '1MiB' }, "c.json holds the unknown key 'chunkSiez'", 'did you mean chunkSize?'],
    [{ 'chunk-size': '1MiB' }, "c.json holds the unknown key 'chunk-size'", 'did you mean chunkSize?'],
    [{ verfiy: {} }, "c.json holds the unknown key 'verfiy'", 'did you mean verify?'],
    [{ toString: 1 }, "c.json holds the unknown key 'toString'", 'docs/config-keys.md lists the keys'],
    [{ retries: true }, 'c.json: retries is true or false, expected a string or a number', ''],
    [{ server: 7 }, 'c.json: server is a number, expected a string', ''],
    [{ noResume: 'yes' }, 'c.json: noResume is a string, expected true or false', ''],
    [{ header: 'X-A: 1' }, 'c.json: header is a string, expected a list of strings', ''],
    [{ header: [1] }, 'c.json: header is a list, expected a list of strings', ''],
    [
      { verify: true },
      'c.json: verify is true or false, expected an object with options of that command',
      '',
    ],
    [{ help: true }, 'c.json sets help, which only the command line can say', 'remove it'],
    [{ token: 's3cret' }, 'c.json sets token, which no config file may hold', 'tokenFile'],
    [{ insecure: true }, 'c.json sets insecure, which no config file may hold', 'command line'],
    [
      { header: ['Authorization: s3cret'] },
      "c.json sets header 'Authorization', which sounds like a credential",
      '',
    ],
    ['[]', 'c.json holds a list, expected an object', 'chunkSize'],
    ['{"a": 1,}', 'c.json is not JSON', 'trailing commas'],
  ])('with %j is a usage error that names file and key', (content, message, hint) => {
    const error = errorOf(() => configOf(content));
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
    expect(error.message + error.hint).not.toContain('s3cret');
  });

  test('with a value that the option refuses is a usage error that names file and key', () => {
    const error = errorOf(() => valuesFor({ chunkSize: '12q' }));
    expect(error.message).toContain("c.json: chunkSize is '12q', expected the unit KiB, MiB or GiB");
  });
});

test('only one config file is read: the one that is named, the working folder’s, or the user’s', () => {
  const home = '/home/me';
  expect(configPaths({}, 'linux', home)).toEqual([
    'pulse-upload.config.json',
    '/home/me/.config/pulse-upload/config.json',
  ]);
  expect(configPaths({ XDG_CONFIG_HOME: '/x' }, 'linux', home)[1]).toBe('/x/pulse-upload/config.json');
  expect(configPaths({ XDG_CONFIG_HOME: 'x' }, 'linux', home)[1]).toBe(
    '/home/me/.config/pulse-upload/config.json',
  );
  expect(configPaths({ APPDATA: 'C:\\A' }, 'win32', home)[1]).toBe('C:\\A\\pulse-upload\\config.json');
  expect(configPaths({ PULSE_UPLOAD_CONFIG: 'mine.json' }, 'linux', home)).toEqual(['mine.json']);
});

describe('the command', () => {
  async function folderWith(files: Readonly<Record<string, unknown>>) {
    const dir = await temporaryFolder();
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(dir, name)), { recursive: true });
      await writeFile(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content));
    }
    const env = { XDG_CONFIG_HOME: join(dir, 'xdg'), PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
    return (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
      runBin(args, { cwd: dir, env: { ...env, ...more } });
  }

  test('takes its server from the working folder, or else from the user’s config', async () => {
    const run = await folderWith({
      'video.mp4': 'x',
      'pulse-upload.config.json': { server: 'http://127.0.0.1:1/here', retries: 0 },
      'xdg/pulse-upload/config.json': { server: 'http://127.0.0.1:1/user', retries: 0 },
    });
    expect((await run(['video.mp4', '--dry-run', '--json'])).stdout).toContain('upload.planned');
    const here = await run(['video.mp4', '--json', '--retry-delay', '1ms']);
    expect(here.stdout).toContain('GET http://127.0.0.1:1/here/');
    const elsewhere = await folderWith({
      'video.mp4': 'x',
      'xdg/pulse-upload/config.json': { server: 'http://127.0.0.1:1/user', retries: 0, json: true },
    });
    expect((await elsewhere(['video.mp4'])).stdout).toContain('GET http://127.0.0.1:1/user/');
  });

  test('says what is wrong with it, as an event where the config asks for events', async () => {
    const run = await folderWith({
      'video.mp4': 'x',
      'pulse-upload.config.json': { json: true, retries: 'many' },
    });
    const { code, stdout, stderr } = await run(['video.mp4', '--server', 'http://127.0.0.1:1']);
    expect(code).toBe(2);
    expect(stderr).toContain("pulse-upload.config.json: retries is 'many'");
    expect(stdout).toContain('"kind":"usage"');
  });

  test.each([
    ['verify', 'http://127.0.0.1:1'],
    ['serve', '--port=0'],
    ['list'],
    ['forget', '--all'],
    ['report', 'x.json'],
    ['ledger', 'x.jsonl'],
  ])('%s reads its own object', async (name, ...args) => {
    const run = await folderWith({ 'pulse-upload.config.json': { [name]: { nonsense: 1 } } });
    const { code, stderr } = await run([name, ...args]);
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`'${name}.nonsense'`),
    });
  });

  test('help and version need no config, however broken it is', async () => {
    const run = await folderWith({ 'pulse-upload.config.json': '{' });
    expect((await run(['--help'])).code).toBe(0);
    expect((await run(['verify', '--help'])).code).toBe(0);
    expect((await run(['video.mp4', '--version'])).code).toBe(0);
  });

  test('a config file that is named and does not exist is exit code 3', async () => {
    const run = await folderWith({});
    const { code, stderr } = await run(['list'], { PULSE_UPLOAD_CONFIG: 'none.json' });
    expect(code).toBe(3);
    expect(stderr).toContain('the config file none.json does not exist');
  });
});

describe('every option', () => {
  const every = Object.entries(commandTables).flatMap(([command, table]) =>
    Object.entries(table).map(([key, spec]) => ({ command, key, spec })),
  );

  test('has a variable of its own, and one of the same name means the same kind of thing in every command', () => {
    const kinds = new Map<string, Set<string>>();
    for (const { spec } of every.filter(({ spec }) => !spec.commandLineOnly)) {
      const name = variableOf(spec);
      expect(name).toMatch(/^PULSE_UPLOAD_[A-Z\d_]+$/);
      kinds.set(name, (kinds.get(name) ?? new Set()).add(spec.kind));
    }
    expect([...kinds].filter(([, found]) => found.size > 1)).toEqual([]);
    // Read by hand, beside the tables.
    for (const name of ['PULSE_UPLOAD_STATE_DIR', 'PULSE_UPLOAD_CONFIG']) expect(kinds.has(name)).toBe(false);
  });

  test('has a key in config files that is its flag in camel case', () => {
    const odd = every.filter(
      ({ key, spec }) =>
        `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}` !== longFlag(spec),
    );
    expect(odd.map(({ command, key }) => `${command} ${key}`)).toEqual([]);
  });

  test('that holds a secret is kept out of config files', () => {
    const secrets = every.filter(({ spec }) => spec.kind === 'value' && spec.secret === true);
    expect(secrets.length).toBeGreaterThan(0);
    for (const { command, key } of secrets)
      expect(Object.keys(configurable(commandTables[command as 'upload']))).not.toContain(key);
  });
});
