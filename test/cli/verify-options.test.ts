import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { splitCommandLine } from '../../src/cli/command-line.ts';
import { type Environment, valuesOf } from '../../src/cli/options/option-table.ts';
import { verifyOptions } from '../../src/cli/options/verify.ts';
import { announcement, needsConsent } from '../../src/cli/verify/consent.ts';
import { refuseUnwritable } from '../../src/cli/verify/results.ts';
import { checkOf, selectedChecks } from '../../src/cli/verify/selection.ts';
import { serverOf, verifySettings } from '../../src/cli/verify/settings.ts';
import { isLoopback } from '../../src/protocol/hosts.ts';
import type { Check, Section } from '../../src/verify/check.ts';
import { scenario } from '../../src/verify/scenario.ts';
import { suite } from '../../src/verify/suite.ts';
import { allChecks } from '../../src/verify/verify.ts';
import { errorOf } from './usage-errors.ts';

const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-verify-options-'));
afterAll(() => rmSync(dir, { recursive: true }));

const sending = scenario({
  id: 'sending',
  does: 'sends',
  sendsBytes: 3 * 1024 * 1024,
  run: async () => undefined,
});
const risky = scenario({ id: 'risky', does: 'floods', needs: ['intrusive'], run: async () => undefined });
const check = (id: string, reads = sending): Check => ({
  id,
  level: { pulse: 'MUST' },
  impact: 'data',
  spec: { url: 'https://example.org', section: 'x' },
  says: 'x',
  passes: 'x',
  fails: 'x',
  matters: 'x',
  reads,
  judge: () => undefined,
});
const checks = [check('core.head.status'), check('core.head.offset'), check('data.flood', risky)];
const section: Section = { number: 1, title: 'x', checks, untestable: {} };
const server = new URL('http://host/api');

function read(argv: readonly string[], environment: Environment = {}) {
  const { given } = splitCommandLine(verifyOptions, argv);
  const values = valuesOf(verifyOptions, given, environment);
  return { values, settings: verifySettings(values, given, server, checks) };
}

describe('settings', () => {
  test('are moderate where nothing is said', () => {
    expect(read([]).settings).toEqual({
      server,
      protocol: 'auto',
      only: [],
      skip: [],
      expectedFailures: [],
      strict: false,
      seed: expect.any(Number),
      runId: expect.stringMatching(/^[0-9a-f]{6}$/),
      jobs: 4,
      rounds: 5,
      maxWaitMs: 0,
      timeoutMs: 10_000,
      scenarioTimeoutMs: 50_000,
      runTimeoutMs: 600_000,
      tokens: {},
      artifacts: {},
      headers: {},
      permissions: {},
    });
  });

  test('follow every flag', () => {
    const path = join(dir, 'expected.txt');
    writeFileSync(path, '# known\ncore.head.status ticket 12\n');
    const argv = [
      ...['--protocol', 'tus', '--only', 'core.*,data.*', '--only', 'x', '--skip', '*.y', '--strict'],
      ...['--expect-failures', path, '--seed', '7', '--jobs', '2', '--rounds', '9', '--timeout', '20s'],
      ...['-t', 'mine', '--second-token', 'theirs', '-H', 'X-A: 1'],
      ...['--intrusive', '--large', '--slow', '--restart-cmd', 'true', '--max-wait', '5m'],
    ];
    expect(read(argv).settings).toMatchObject({
      protocol: 'tus',
      only: ['core.*', 'data.*', 'x'],
      skip: ['*.y'],
      expectedFailures: [{ id: 'core.head.status', reason: 'ticket 12' }],
      strict: true,
      seed: 7,
      jobs: 2,
      rounds: 9,
      maxWaitMs: 300_000,
      timeoutMs: 20_000,
      scenarioTimeoutMs: 70_000,
      runTimeoutMs: 7_500_000,
      tokens: { owner: 'mine', stranger: 'theirs' },
      headers: { 'X-A': '1' },
      permissions: {
        intrusive: true,
        large: true,
        slow: true,
        token: true,
        secondToken: true,
        restart: true,
      },
    });
  });

  test('learn what the tokens are good for, from the user or from the tokens themselves', () => {
    const [one, two] = ['6f1c2d3e-4a5b-4c6d-8e7f-90a1b2c3d4e5', '0b7e9a52-1c3d-4e5f-8a6b-7c8d9e0f1a2b'];
    const telling = (artifactId: unknown) =>
      `${Buffer.from(JSON.stringify({ artifactId, exp: 1 })).toString('base64url')}.signature`;
    const found = (...argv: string[]) => {
      const { artifacts, permissions } = read(argv).settings;
      return { artifacts, artifact: permissions.artifact, secondArtifact: permissions.secondArtifact };
    };
    expect(found('-t', 'opaque', '--artifact', one, '--second-artifact', two)).toEqual({
      artifacts: { owner: one, stranger: two },
      artifact: true,
      secondArtifact: true,
    });
    expect(found('-t', telling(one), '--second-token', telling(two)).artifacts).toEqual({
      owner: one,
      stranger: two,
    });
    expect(found('-t', telling(one), '--artifact', two).artifacts).toEqual({ owner: two });
    expect(found('-t', telling(7), '--second-token', 'opaque').artifacts).toEqual({});
    expect(() => read(['--artifact', 'one'])).toThrow("--artifact is 'one', expected a UUID");
  });

  test('wait a minute for a deadline with --slow', () => {
    expect(read(['--slow']).settings.maxWaitMs).toBe(60_000);
  });

  test('take another seed and another mark for every run', () => {
    const runs = Array.from({ length: 8 }, () => read([]).settings);
    expect(new Set(runs.map(({ seed }) => seed)).size).toBeGreaterThan(1);
    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(8);
  });

  test('take nothing risky from the environment', () => {
    const environment = { PULSE_UPLOAD_INTRUSIVE: '1', PULSE_UPLOAD_YES: '1', PULSE_UPLOAD_RESTART_CMD: 'x' };
    const { settings, values } = read([], { ...environment, PULSE_UPLOAD_TOKEN: 'mine' });
    expect(settings.permissions).toEqual({ token: true });
    expect(values.yes).toBe(false);
  });
});

describe('the server', () => {
  test('is the operand, or PULSE_UPLOAD_SERVER', () => {
    expect(serverOf(['http://a/x'], { PULSE_UPLOAD_SERVER: 'http://b' }).href).toBe('http://a/x');
    expect(serverOf([], { PULSE_UPLOAD_SERVER: 'http://b' }).href).toBe('http://b/');
  });

  test.each<[readonly string[], string]>([
    [[], 'no server is given'],
    [['http://a', 'http://b'], 'verify got 2 URLs'],
    [['localhost:8080'], "the server is 'localhost:8080', expected a URL that begins with"],
    [['http://me:secret@a'], 'without user name and password'],
  ])('%j is a usage error', (operands, message) => {
    expect(errorOf(() => serverOf(operands, {})).message).toContain(message);
  });
});

describe('values that make no sense', () => {
  test.each<[readonly string[], string, string]>([
    [['--only', 'core.*,'], 'empty pattern', 'variable'],
    [['--report', 'results.json'], 'expected <format>=<path>', 'json=results.json'],
    [['--report', 'junit='], 'expected <format>=<path>', 'json=results.json'],
    [['--report', 'junot=x.xml'], "asks for 'junot'", 'did you mean junit?'],
    [['--report', 'json=a', '--report', 'html=./a'], 'names ./a twice', 'another name'],
    [['--jobs', '0'], 'from 1 to 64', 'leave it out'],
    [['--rounds', '65'], 'from 1 to 64', 'leave it out'],
    [['--seed', '-1'], "'-1'", 'whole'],
    [['--timeout', '0'], 'a time above zero', '500ms'],
    [['--link', 'link.txt'], '--link holds no pairing link, expected pulsecam://?v=1&…', '@path'],
    [['--link', ' '], '--link holds no pairing link', 'leave it out'],
    [['--protocol', 'ftp'], 'auto, pulse, tus or pulse-v1', 'auto'],
  ])('%j is a usage error with a hint', (argv, message, hint) => {
    const error = errorOf(() => read(argv));
    expect(error.message).toContain(message);
    expect(`${error.message} ${error.hint}`).toContain(hint);
  });

  test('an expect-failures file that is not there is an input error, a wrong one a usage error', () => {
    const missing = join(dir, 'missing.txt');
    expect(errorOf(() => read(['--expect-failures', missing]), 'input').message).toContain('does not exist');
    const path = join(dir, 'wrong.txt');
    writeFileSync(path, 'core.nothing because\n');
    expect(errorOf(() => read(['--expect-failures', path])).message).toContain(
      'there is no check core.nothing',
    );
  });

  test('a result file that could not be written is refused before the run', () => {
    const nowhere = join(dir, 'no', 'such', 'results.json');
    const report = (path: string) => ({ report: [{ format: 'json' as const, path }], record: undefined });
    expect(errorOf(() => refuseUnwritable(report(nowhere)), 'input').message).toContain('there is no folder');
    expect(errorOf(() => refuseUnwritable(report(dir)), 'input').message).toContain('is a folder');
    expect(errorOf(() => refuseUnwritable({ report: [], record: dir }), 'input').message).toContain(
      '--record',
    );
    for (const { flag, wanted } of [
      { flag: '--report', wanted: report('-') },
      { flag: '--record', wanted: { report: [], record: '-' } },
    ]) {
      expect(errorOf(() => refuseUnwritable(wanted)).message).toBe(
        `${flag} names -, expected a file: stdout is for the run itself`,
      );
    }
    const both = { ...report(join(dir, 'a')), record: `${dir}/./a` };
    expect(errorOf(() => refuseUnwritable(both)).message).toContain('--record and --report both name');
    expect(refuseUnwritable(report(join(dir, 'results.json')))).toBeUndefined();
  });
});

describe('a pattern that matches no check', () => {
  const hint = (only: string) => errorOf(() => selectedChecks(checks, { only: [only], skip: [] })).hint;

  test.each([
    ['core.head.statsu', 'did you mean core.head.status?'],
    ['core.head', "pulse-upload verify --list --only 'core.head.*' shows what may be meant"],
    ['hed', "pulse-upload verify --list --only '*head*' shows what may be meant"],
    ['status', "pulse-upload verify --list --only '*status*' shows what may be meant"],
    ['qqqqqqqq', 'pulse-upload verify --list shows all ids'],
  ])('%s gets a hint', (only, expected) => {
    expect(hint(only)).toBe(expected);
  });

  test('names its flag', () => {
    const skip = errorOf(() => selectedChecks(checks, { only: [], skip: ['x'] }));
    expect(skip.message).toBe('--skip x matches no check');
  });

  test('is a usage error for --explain, too', () => {
    expect(errorOf(() => checkOf('core.head.statsu', checks)).hint).toBe('did you mean core.head.status?');
    expect(checkOf('core.head.status', checks).id).toBe('core.head.status');
  });

  test('is one that --skip leaves nothing of', () => {
    expect(errorOf(() => selectedChecks(checks, { only: [], skip: ['*'] })).message).toBe(
      'no check is left to run',
    );
  });
});

describe('a server on another machine', () => {
  test.each(['localhost', 'api.localhost', '127.0.0.1', '127.8.9.1', '::1', '[::1]', 'LOCALHOST'])(
    '%s is none',
    (host) => expect(isLoopback(host)).toBe(true),
  );

  test.each(['example.org', '10.0.0.1', 'localhost.example.org', '128.0.0.1', '1270.0.0.1', '[::2]'])(
    '%s is one',
    (host) => expect(isLoopback(host)).toBe(false),
  );

  test('is told first what will be sent, and how much at most', () => {
    const { settings } = read([]);
    expect(needsConsent(settings)).toBe(true);
    expect(announcement(settings, [section], checks)).toEqual([
      'host is not this machine. The run will',
      '  send up to 3.0 MiB in 1 scenario, to new uploads of its own',
      '  cut connections, and send malformed requests',
      `  remove what it created if the server offers DELETE, else leave it there: Upload-Metadata names it pulse-verify-${settings.runId}-…`,
    ]);
  });

  test('is told of what any protocol and any extension may bring, where they are not known yet', () => {
    const scenariosIn = (args: readonly string[]) => {
      const { settings } = read(args);
      const chosen = selectedChecks(allChecks(suite), settings);
      const [, said = ''] =
        /in ([\d,]+) scenario/.exec(announcement(settings, suite, chosen).join('\n')) ?? [];
      return Number(said.replace(',', ''));
    };
    expect(scenariosIn(['--only', 'v1.*'])).toBeGreaterThan(10);
    expect(scenariosIn(['--protocol', 'tus', '--only', 'checksum.*'])).toBeGreaterThan(5);
    expect(scenariosIn(['--protocol', 'tus', '--only', 'v1.*'])).toBe(0);
  });

  test('is told of everything that was allowed beyond that', () => {
    const lines = announcement(read(['--intrusive', '--large']).settings, [section], checks).join('\n');
    expect(lines).toContain('in 2 scenarios');
    expect(lines).toContain('take a careless server down');
    expect(lines).toContain('send gigabytes');
  });
});
