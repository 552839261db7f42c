import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { splitCommandLine } from '../../src/cli/command-line.ts';
import { bulkOptions } from '../../src/cli/options/bulk.ts';
import { type Config, type Environment, valuesOf } from '../../src/cli/options/option-table.ts';
import {
  outputChoice,
  readUploadValues,
  uploadOptions,
  uploadSettings,
} from '../../src/cli/options/upload.ts';
import { bulkSettings } from '../../src/cli/upload/bulk-settings.ts';
import { defaultSettings, type UploadSettings } from '../../src/upload/settings.ts';
import { errorOf } from './usage-errors.ts';

const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-options-'));
afterAll(() => rmSync(dir, { recursive: true }));

const server = ['--server', 'http://host/'];

function read(argv: readonly string[], environment: Environment = {}) {
  const { operands, given } = splitCommandLine(uploadOptions, argv);
  const values = readUploadValues(given, environment);
  return { settings: uploadSettings(values, given, operands), choice: outputChoice(values), operands };
}

const settings = (argv: readonly string[], environment: Environment = {}) =>
  read(['video.mp4', ...server, ...argv], environment).settings;

/** The settings of one of several files. */
const shared = (upload: UploadSettings, argv: readonly string[]) =>
  bulkSettings(valuesOf(bulkOptions, splitCommandLine(bulkOptions, argv).given, {}), upload, ['a', 'b'])
    .upload;

describe('settings', () => {
  test('are the library’s defaults where nothing is said', () => {
    expect(settings([])).toEqual({ ...defaultSettings, server: new URL('http://host/') });
  });

  test('follow every flag', () => {
    const argv = [
      ...['-t', 's3cret', '--protocol', 'tus', '--body', 'multipart', '--chunk-size', '512KiB'],
      ...['--retries', '0', '--retry-delay', '100ms', '--timeout', '5m', '--name', 'other.mp4'],
      ...['-H', 'X-A: 1', '--header', 'X-B: 2', '--metadata', 'camera=7', '--metadata', 'day=1'],
      ...['--no-resume', '--require-proof', '--read-back', '--checksum', 'sha1'],
      '--abort-on-failure',
    ];
    expect(settings(argv)).toEqual({
      server: new URL('http://host/'),
      token: 's3cret',
      protocol: 'tus',
      body: 'multipart',
      chunkBytes: 524_288,
      retries: 0,
      retryDelayMs: 100,
      timeoutMs: 300_000,
      name: 'other.mp4',
      headers: { 'X-A': '1', 'X-B': '2' },
      metadata: { camera: '7', day: '1' },
      resume: false,
      finalize: true,
      requireProof: true,
      readBack: true,
      checksum: 'sha1',
      abortOnFailure: true,
    });
    expect(settings(['--no-finalize']).finalize).toBe(false);
  });

  test('let chunks grow where they are asked to, and share the memory among several files', () => {
    const auto = settings(['--chunk-size', 'auto']);
    expect(auto).toMatchObject({ chunkBytes: 1_048_576, mostChunkBytes: 33_554_432 });
    expect(shared(auto, ['-j', '8']).mostChunkBytes).toBe(4_194_304);
    expect(shared(auto, []).mostChunkBytes).toBe(8_388_608);
    expect(shared(settings([]), ['-j', '8'])).not.toHaveProperty('mostChunkBytes');
  });

  test('follow the environment where no flag is given, and the flag where both are', () => {
    const environment = {
      PULSE_UPLOAD_SERVER: 'http://other/',
      PULSE_UPLOAD_CHUNK_SIZE: '2MiB',
      PULSE_UPLOAD_RETRIES: '7',
      PULSE_UPLOAD_NO_RESUME: '1',
      PULSE_UPLOAD_HEADER: 'X-A: 1\nX-B: 2\n',
      PULSE_UPLOAD_TOKEN: 's3cret',
    };
    expect(read(['video.mp4', '--retries', '1'], environment).settings).toMatchObject({
      server: new URL('http://other/'),
      chunkBytes: 2_097_152,
      retries: 1,
      resume: false,
      headers: { 'X-A': '1', 'X-B': '2' },
      token: 's3cret',
    });
    expect(settings([], environment).server.href).toBe('http://host/');
  });

  test('take an empty variable for none', () => {
    const names = Object.keys(uploadOptions).map((key) => key.replace(/[A-Z]/g, '_$&').toUpperCase());
    const environment = Object.fromEntries(names.map((name) => [`PULSE_UPLOAD_${name}`, '']));
    expect(environment).toHaveProperty('PULSE_UPLOAD_TOKEN_FILE');
    expect(settings([], environment)).toEqual({ ...defaultSettings, server: new URL('http://host/') });
  });

  test.each(['0', 'false', 'no', 'off', 'FALSE'])('take %s in a variable for off', (text) => {
    expect(settings([], { PULSE_UPLOAD_NO_FINALIZE: text }).finalize).toBe(true);
  });

  test.each(['1', 'true', 'yes', 'on'])('take %s in a variable for on', (text) => {
    expect(settings([], { PULSE_UPLOAD_NO_FINALIZE: text }).finalize).toBe(false);
  });

  const config = (...keys: readonly string[]) =>
    new Map(
      keys.map((key) => [
        key,
        { source: `c.json: ${key}`, texts: [key === 'outputTemplate' ? '{url}' : '1'] },
      ]),
    );
  const template = { template: expect.anything() };
  test.each<readonly [string, readonly string[], Environment, Config, object]>([
    ['-v', ['-v'], { PULSE_UPLOAD_QUIET: '1' }, config(), { quiet: false, verbose: true }],
    ['-q', ['-q'], { PULSE_UPLOAD_VERBOSE: '1' }, config(), { quiet: true, verbose: false }],
    ['-v, beside a file', ['-v'], {}, config('quiet'), { quiet: false, verbose: true }],
    [
      'a variable, beside a file',
      [],
      { PULSE_UPLOAD_QUIET: '1' },
      config('verbose'),
      { quiet: true, verbose: false },
    ],
    [
      'a template',
      ['--output-template', '{url}'],
      { PULSE_UPLOAD_JSON: '1' },
      config('json'),
      { json: false, ...template },
    ],
    ['--json', ['--json'], { PULSE_UPLOAD_OUTPUT_TEMPLATE: '{url}' }, config(), { json: true }],
    [
      'what is not switched off',
      [],
      { PULSE_UPLOAD_JSON: '0' },
      config('outputTemplate'),
      { json: false, ...template },
    ],
  ])('let the stronger of two that exclude each other win: %s', (_, argv, environment, settled, expected) => {
    const { given } = splitCommandLine(uploadOptions, argv);
    const choice = outputChoice(readUploadValues(given, environment, settled));
    expect(choice).toMatchObject(expected);
    expect('template' in choice).toBe('template' in expected);
  });

  test.each<readonly [Environment, Config, string]>([
    [
      { PULSE_UPLOAD_JSON: '1', PULSE_UPLOAD_OUTPUT_TEMPLATE: '{url}' },
      config(),
      'PULSE_UPLOAD_JSON and PULSE_UPLOAD_OUTPUT_TEMPLATE exclude each other, expected one of them',
    ],
    [
      {},
      config('quiet', 'verbose'),
      'c.json: quiet and c.json: verbose exclude each other, expected one of them',
    ],
  ])('refuse two of one strength that exclude each other (%j)', (environment, settled, message) => {
    expect(errorOf(() => readUploadValues(new Map(), environment, settled)).message).toBe(message);
  });

  test('name the variable that makes no sense', () => {
    expect(errorOf(() => settings([], { PULSE_UPLOAD_TIMEOUT: 'soon' })).message).toContain(
      "PULSE_UPLOAD_TIMEOUT is 'soon'",
    );
    expect(errorOf(() => settings([], { PULSE_UPLOAD_JSON: 'maybe' })).message).toBe(
      "PULSE_UPLOAD_JSON is 'maybe', expected 1 or 0",
    );
  });

  test('take the last of a flag that is given twice', () => {
    expect(settings(['--retries', '1', '--retries', '2']).retries).toBe(2);
  });
});

describe('the token', () => {
  const path = join(dir, 'token');
  writeFileSync(path, 'from-file\n');

  test('comes from a file', () => {
    expect(settings(['--token-file', path]).token).toBe('from-file');
    expect(settings([], { PULSE_UPLOAD_TOKEN_FILE: path }).token).toBe('from-file');
  });

  test('comes from a flag of either kind rather than from a variable of either kind', () => {
    expect(settings(['--token-file', path], { PULSE_UPLOAD_TOKEN: 'variable' }).token).toBe('from-file');
    expect(settings(['--token', 'flag'], { PULSE_UPLOAD_TOKEN_FILE: '/nowhere' }).token).toBe('flag');
  });

  test('is not given twice', () => {
    expect(errorOf(() => settings(['--token', 'x', '--token-file', path])).message).toBe(
      '--token and --token-file exclude each other, expected one of them',
    );
  });
});

describe('a command line that makes no sense', () => {
  test.each<[string, readonly string[], string, string]>([
    [
      'no server',
      ['video.mp4'],
      'no server is given, expected its base URL',
      'add --server http://host/path, or set PULSE_UPLOAD_SERVER',
    ],
    [
      'no file',
      server,
      'no file is given, expected at least one',
      'for example: pulse-upload video.mp4 --server http://host/',
    ],
    [
      'an empty file name',
      ['', ...server],
      'a file name is empty, expected a path',
      'is a variable of your script empty?',
    ],
    [
      'one name for two files',
      ['a', 'b', ...server, '--name', 'c'],
      '--name is given for 2 files, expected a single one',
      'leave out --name, or upload the files one by one',
    ],
    [
      'quiet and verbose',
      ['a', ...server, '-qv'],
      '--quiet and --verbose exclude each other, expected one of them',
      'leave out --quiet or --verbose',
    ],
    [
      'a proof of what is not finalized',
      ['a', ...server, '--require-proof', '--no-finalize'],
      '--require-proof needs finalize, which --no-finalize leaves out',
      'leave out --require-proof or --no-finalize',
    ],
    ['an unknown option', ['a', '--servr', 'x'], "unknown option '--servr'", 'did you mean --server?'],
    [
      'an option like no other',
      ['a', '--zzzzzzzz'],
      "unknown option '--zzzzzzzz'",
      'pulse-upload --help lists the options',
    ],
    [
      'a missing value',
      ['a', '--server'],
      "option '-s, --server <url>' argument missing",
      'pulse-upload --help lists the options',
    ],
  ])('%s is a usage error with its next step', (_, argv, message, hint) => {
    const error = errorOf(() => read(argv));
    expect(error.message).toBe(message);
    expect(error.hint).toBe(hint);
  });
});

test('flags may stand anywhere, and after -- there are none', () => {
  const { operands, choice } = read(['-v', 'a', ...server, 'b', '--json', '--', '-q', '--x']);
  expect(operands).toEqual(['a', 'b', '-q', '--x']);
  expect(choice).toEqual({ json: true, quiet: false, verbose: true, noColor: false, progress: 'auto' });
});
