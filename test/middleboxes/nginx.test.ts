import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../fixtures/free-port.ts';
import { type Ended, startBin, temporaryFolder } from '../cli/run-bin.ts';
import { type Served, serve } from '../e2e/bin.ts';
import { hasNginx, startNginx } from './nginx.ts';

const MIB = 1_048_576;

if (!hasNginx) console.error('skipped: test/middleboxes/nginx.test.ts needs nginx (apt-get install nginx)');

type Event = Readonly<Record<string, unknown>> & { readonly type: string };

/** The reference server behind nginx with these directives, and the real command in front of both. */
async function scene(...directives: string[]) {
  const dir = await temporaryFolder();
  const stored = join(dir, 'stored');
  const served = await serve(stored, await freePort());
  const { port } = new URL(served.url);
  const nginx = await startNginx({ dir: join(dir, 'nginx'), upstream: `127.0.0.1:${port}`, directives });
  const env = { PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
  const start = (files: readonly string[], ...args: string[]) =>
    startBin([...files, '--server', nginx.url, '--json', '--verbose', '--retry-delay', '50ms', ...args], {
      env,
    });
  return {
    dir,
    nginx,
    served,
    start,
    restart: async (): Promise<Served> => {
      const again = await serve(stored, Number(port));
      onTestFinished(() => again.kill('SIGKILL'));
      return again;
    },
    file: (name: string, sizeBytes: number) => {
      const path = join(dir, name);
      writeFileSync(path, randomBytes(sizeBytes));
      return path;
    },
    /** Digests of all files that the server finished. */
    held: () =>
      readdirSync(stored, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => sha256(join(entry.parentPath, entry.name))),
  };
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function eventsOf({ stdout }: Ended): readonly Event[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

function ofType(ended: Ended, type: string): readonly Event[] {
  return eventsOf(ended).filter((event) => event.type === type);
}

/** Each file was proven, with no more bytes sent than `extraBytes` beyond its size. */
function expectProven(ended: Ended, files: readonly string[], extraBytes = 0): void {
  const done = ofType(ended, 'upload.done');
  expect({ code: ended.code, failed: ofType(ended, 'upload.failed') }).toEqual({ code: 0, failed: [] });
  expect(done.map(({ file, proven }) => ({ file, proven }))).toEqual(
    files.map((file) => ({ file, proven: true })),
  );
  for (const { file, sha256: digest, sentBytes, sizeBytes } of done) {
    expect(digest).toBe(sha256(String(file)));
    expect(Number(sentBytes) - Number(sizeBytes)).toBeLessThanOrEqual(extraBytes);
  }
}

describe.skipIf(!hasNginx)('nginx as it is installed', () => {
  test('lets chunks of 1 MiB pass, and nothing is sent twice', async () => {
    const { start, file, nginx } = await scene();
    const video = file('video.mp4', 5 * MIB + 12_345);
    const ended = await start([video]).ended;
    expectProven(ended, [video]);
    expect(ofType(ended, 'upload.retry')).toEqual([]);
    // The first question to the server is whether it has capabilities: this one has none.
    expect(nginx.statuses().filter((status) => status >= 400)).toEqual([404]);
  });

  test('refuses forms of 1 MiB: a smaller size is learned once, said once, and remembered for later runs', async () => {
    const { start, file, nginx } = await scene();
    const videos = [file('one.mp4', 3 * MIB), file('two.mp4', 3 * MIB)];
    const first = await start(videos, '--body', 'multipart', '--jobs', '1').ended;
    expectProven(first, videos, MIB);
    expect(nginx.statuses().filter((status) => status === 413)).toHaveLength(1);
    const said = ofType(first, 'upload.warning').filter(({ message }) => String(message).includes('413'));
    expect(said.map(({ message }) => message)).toEqual([expect.stringContaining(`chunks of ${MIB} bytes`)]);

    const third = file('three.mp4', 3 * MIB);
    const second = await start([third], '--body', 'multipart').ended;
    expectProven(second, [third]);
    expect(nginx.statuses().filter((status) => status === 413)).toHaveLength(1);
    expect(ofType(second, 'upload.warning')).toEqual([]);
  });

  test('answers 502 while the server is gone: exit 4, and the same command resumes', async () => {
    const { start, file, served, restart } = await scene();
    const video = file('video.mp4', 3 * MIB);
    await served.kill('SIGKILL');
    const first = await start([video], '--retries', '2').ended;
    expect(first.code).toBe(4);
    expect(ofType(first, 'upload.failed')).toEqual([
      expect.objectContaining({ kind: 'temporary', message: expect.stringContaining('502 (an HTML page)') }),
    ]);
    await restart();
    expectProven(await start([video]).ended, [video]);
  });
});

describe.skipIf(!hasNginx)('verify of a correct server behind nginx', () => {
  const asked = {
    'core.patch.single-request': 'warn',
    'core.patch.store-partial': 'warn',
    'http.expect-100.accept': 'pass',
    'http.expect-100.reject': 'warn',
    'http.body-limit.multipart': 'fail',
    'pulse.multipart.1mib': 'fail',
  };
  test.each([
    ['as it is installed shows its limit of 1 MiB, and warns of its buffering', [], asked, 1],
    [
      'that hands requests on as they come shows what the server does',
      ['proxy_request_buffering off;', 'client_max_body_size 0;'],
      Object.fromEntries(Object.keys(asked).map((id) => [id, 'pass'])),
      0,
    ],
  ])('%s', async (_, directives, verdicts, code) => {
    const { nginx } = await scene(...directives);
    const only = Object.keys(asked).flatMap((id) => ['--only', id]);
    const ended = await startBin(['verify', nginx.url, '--json', ...only]).ended;
    const judged = ofType(ended, 'check.end').map(({ id, verdict }) => [id, verdict]);
    expect(Object.fromEntries(judged)).toEqual(verdicts);
    expect(ended.code).toBe(code);
  });
});

describe.skipIf(!hasNginx).each([
  ['requests buffered', []],
  ['requests passed on as they come', ['proxy_request_buffering off;', 'proxy_http_version 1.1;']],
])('nginx with %s', (_, directives) => {
  test('ends proven when the server is killed and restarted in the middle', async () => {
    const { start, file, served, restart, held, nginx } = await scene(...directives);
    const video = file('video.mp4', 48 * MIB);
    const running = start([video], '--retries', '100');
    await running.until('stdout', /"method":"PATCH"/);
    await served.kill('SIGKILL');
    await running.until('stdout', /"status":502/);
    await restart();
    const ended = await running.ended;
    expectProven(ended, [video], 4 * MIB);
    expect(nginx.statuses()).toContain(502);
    expect(ofType(ended, 'upload.created')).toHaveLength(1);
    expect(held().filter((digest) => digest === sha256(video))).toHaveLength(1);
  });

  test('ends proven when the server hangs for a while and nginx answers 504', async () => {
    const { start, file, served, nginx } = await scene(
      'proxy_read_timeout 1s;',
      'proxy_send_timeout 1s;',
      ...directives,
    );
    const video = file('video.mp4', 24 * MIB);
    const running = start([video], '--retries', '100');
    await running.until('stdout', /"method":"PATCH"/);
    served.pause();
    await running.until('stdout', /"status":504/);
    served.goOn();
    expectProven(await running.ended, [video], 4 * MIB);
    expect(nginx.statuses()).toContain(504);
  });
});

describe.skipIf(!hasNginx)('connections that nginx does not keep', () => {
  test('announced by it cost nothing: every third request ends one', async () => {
    const { start, file } = await scene('keepalive_requests 3;');
    const video = file('video.mp4', 8 * MIB);
    const ended = await start([video], '--retries', '0').ended;
    expectProven(ended, [video]);
    expect(ofType(ended, 'upload.done')).toMatchObject([{ retries: 0 }]);
  });

  test('closed without a word after a moment do not stop the upload', async () => {
    const { start, file } = await scene('keepalive_timeout 1ms;');
    const video = file('video.mp4', 16 * MIB);
    expectProven(await start([video]).ended, [video], 16 * MIB);
  });
});
