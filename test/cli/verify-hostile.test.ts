import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Hostile, hostileServers } from '../../fixtures/servers/hostile.ts';
import { type RunningServer, startServer } from '../../src/server/server.ts';
import type { VerifyEvent } from '../../src/verify/events.ts';
import { suite } from '../../src/verify/suite.ts';
import { allChecks } from '../../src/verify/verify.ts';
import { makeIdentity } from '../transport/certificates.ts';
import { runBin } from './run-bin.ts';

/** No target may keep a run busy for longer. */
const LIMIT_MS = 60_000;

let good: RunningServer;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pulse-upload-hostile-'));
  good = await startServer({ host: '127.0.0.1', port: 0, dir, protocol: 'pulse' });
});
afterAll(async () => {
  await good.close();
  await rm(dir, { recursive: true, force: true });
});

async function target(hostile: Hostile): Promise<string> {
  const running = await hostile.start(good.url);
  onTestFinished(() => running.close());
  return running.url;
}

/** Targets that answer nothing that could be judged: one line says why. */
const unreachable: Readonly<Partial<Record<keyof typeof hostileServers, string>>> = {
  'nothing-listening': 'nothing is listening there (connection refused)',
  silent: 'no answer came within 10 s',
  resets: 'the connection was reset without an answer',
  'not-http': 'the answer is not HTTP: it starts with "SSH-2.0-OpenSSH_9.6',
  'endless-headers': 'the head of the answer is longer than',
  'endless-body': 'the body of the answer is longer than',
  drips: 'the answer was not complete within 10 s',
};

/** Targets that answer: the last line names the one cause of everything that could not be tried. */
const useless: Readonly<Partial<Record<keyof typeof hostileServers, string>>> = {
  'always-500': 'an upload could not be created: POST answered 500 Internal Server Error',
  'always-401': 'an upload could not be created: POST answered 401 Unauthorized',
  'dies-in-the-middle': 'the server no longer answers',
};

/** Targets that show no sign of an upload server: a wrong URL is no list of findings. */
const elsewhere: Readonly<Partial<Record<keyof typeof hostileServers, string>>> = {
  'always-404': 'answered 404 Not Found',
  'always-200': 'answered 200 OK, as to a path that is made up',
  'login-page': 'answered 200 OK with an HTML page',
  'redirect-loop': 'answered 302 Found, which leads to http://127\\.0\\.0\\.1:\\d+/a',
};

type CheckEnd = Extract<VerifyEvent, { type: 'check.end' }>;
type Entries = [keyof typeof hostileServers, string][];

const ofWholeRun = new Set(allChecks(suite).flatMap(({ id, reads }) => ('atLeast' in reads ? [id] : [])));

/** Whether an answer stands behind a pass; checks of the whole run were shown all of its exchanges. */
function isShown({ id, exchanges }: CheckEnd): boolean {
  return ofWholeRun.has(id) || exchanges.some(({ answer }) => answer !== undefined);
}

describe('a target that cannot be spoken to', () => {
  test.each(Object.entries(unreachable) as Entries)(
    '%s: exit 4, and one cause',
    async (name, cause) => {
      const { code, stdout, stderr } = await runBin(['verify', await target(hostileServers[name])]);
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
      expect(stderr).toMatch(
        /^error: http:\/\/127\.0\.0\.1:\d+ gives no answer: .*\n next: check the address.*\n$/,
      );
      expect(stderr).toContain(cause);
    },
    LIMIT_MS,
  );
});

describe('a target that is no upload server', () => {
  test.each(Object.entries(useless) as Entries)(
    '%s: exit 1, the cause in the last line, and no pass without an answer that shows it',
    async (name, cause) => {
      const url = await target(hostileServers[name]);
      const { code, stdout } = await runBin(['verify', url, '--json', '--verbose']);
      expect(code).toBe(1);
      const events = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as VerifyEvent);
      const checks = events.flatMap((event) => (event.type === 'check.end' ? [event] : []));
      expect(checks.filter((check) => check.verdict === 'pass' && !isShown(check))).toEqual([]);
      if (name !== 'dies-in-the-middle')
        expect(checks.filter(({ verdict }) => verdict === 'pass')).toEqual([]);
      const blocked = checks.filter(({ verdict }) => verdict === 'blocked');
      const caused = blocked.filter(({ remark }) => remark?.startsWith(cause));
      expect(caused.length).toBeGreaterThan(blocked.length * 0.8);
      expect(blocked.length).toBeGreaterThan(checks.length * 0.3);
    },
    LIMIT_MS,
  );

  test(
    'is told so on the screen: first what kept most checks from running, last the verdict and its cause',
    async () => {
      const { code, stdout } = await runBin(['verify', await target(hostileServers['always-500'])]);
      expect(code).toBe(1);
      const cause = useless['always-500'] ?? '';
      expect(stdout).toMatch(new RegExp(`\\n\\nCOULD NOT BE TRIED\\n\\n {2}\\d+ checks: ${cause}\\n`));
      expect(stdout.trimEnd().split('\n').at(-1)).toMatch(
        new RegExp(
          `^not conformant: \\d+ requirements broken; \\d+ checks could not run, mostly because ${cause}`,
        ),
      );
    },
    LIMIT_MS,
  );
});

describe('a URL of something else', () => {
  test.each(Object.entries(elsewhere) as Entries)(
    '%s: exit 9, no finding, the cause at the top and in the last line, and what to name instead',
    async (name, cause) => {
      const { code, stdout } = await runBin(['verify', await target(hostileServers[name])]);
      expect(code).toBe(9);
      const why = `this URL does not create uploads: POST http://127\\.0\\.0\\.1:\\d+/uploads ${cause}`;
      expect(stdout).toMatch(new RegExp(`\n\nCOULD NOT BE TRIED\n\n {2}\\d+ checks: ${why}\n`));
      expect(stdout).not.toMatch(/^(fail|warn) /m);
      const [next, verdict] = stdout.trimEnd().split('\n').slice(-2);
      expect(next).toMatch(/^ {2}next {6}check the URL: pulse wants the URL below which \/uploads is found;/);
      expect(verdict).toMatch(new RegExp(`^incomplete: no requirement could be tried; .*because ${why}`));
    },
    LIMIT_MS,
  );
});

test('with --quiet a URL of something else gets one line', async () => {
  const { code, stdout } = await runBin(['verify', await target(hostileServers['always-404']), '-q']);
  expect(code).toBe(9);
  expect(stdout).toMatch(/^incomplete: no requirement could be tried; .*\n$/);
});

describe('a server that asks for a credential', () => {
  const lastLines = async (...more: string[]) => {
    const { stdout } = await runBin(['verify', await target(hostileServers['always-401']), ...more]);
    return stdout.trimEnd().split('\n').slice(-2).join('\n');
  };

  test('is said to do so last but one, with how to give it', async () => {
    expect(await lastLines()).toMatch(
      /^ {2}next {6}the server asks for a credential: give it by --token-file <path>.*\nnot conformant: /,
    );
  });

  test('and does not take the one given, is said to refuse it', async () => {
    expect(await lastLines('--token', 'wrong-token')).toMatch(
      /^ {2}next {6}the server does not take this token/,
    );
  });
});

test('every hostile target is tried', () => {
  expect(Object.keys({ ...unreachable, ...useless, ...elsewhere }).toSorted()).toEqual(
    Object.keys(hostileServers).toSorted(),
  );
});

test('a certificate that nobody vouches for ends with 5, and the hint says how to trust it', async () => {
  const identity = await makeIdentity({ name: 'stranger', hosts: ['127.0.0.1'] });
  let requests = 0;
  const server = createServer(identity, () => requests++);
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { code, stdout, stderr } = await runBin([
    'verify',
    `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
  ]);
  expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
  expect(stderr).toMatch(
    /^error: https:.* gives no answer: .*self-signed.*\n next: name the authority with --ca-cert/,
  );
  expect(requests).toBe(0);
});
