import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../../fixtures/proxies/fault-proxy.ts';
import { creationDeferLength } from '../../src/server/extensions/creation-defer-length.ts';
import type { ServerSettings } from '../../src/server/server.ts';
import { patch, payload, type Subject, subject } from '../server/harness.ts';
import { type Ended, runBin, temporaryFolder } from './run-bin.ts';

interface Bench {
  readonly server: Subject;
  readonly proxy: FaultProxy;
  readonly dir: string;
  readonly run: (...args: readonly string[]) => Promise<Ended>;
  /** Leaves an upload of 3,000 bytes behind, of which the server has a part. */
  readonly begin: (name?: string, ...flags: readonly string[]) => Promise<string>;
  readonly records: () => Promise<number>;
  /** What the server still holds of unfinished uploads. */
  readonly methods: () => readonly string[];
}

async function startBench(settings: Partial<ServerSettings> = { protocol: 'tus' }): Promise<Bench> {
  const server = await subject(settings);
  const proxy = await startFaultProxy({ target: server.url });
  onTestFinished(() => proxy.close());
  const dir = await temporaryFolder();
  const state = join(dir, 'state');
  const run = (...args: readonly string[]) =>
    runBin(args, { cwd: dir, env: { PULSE_UPLOAD_STATE_DIR: state } });
  return {
    server,
    proxy,
    dir,
    run,
    begin: async (name = 'video.mp4', ...flags) => {
      await writeFile(join(dir, name), payload(3000, name));
      proxy.setFaults([{ on: { method: 'PATCH', nth: 2 }, do: 'answer', status: 503 }]);
      const chunks = ['--retries', '0', '--chunk-size', '1000', '--protocol', settings.protocol ?? 'pulse'];
      const ended = await run(name, '-s', proxy.url, ...chunks, ...flags);
      expect(ended.code, ended.stderr).toBe(4);
      proxy.setFaults([]);
      return join(dir, name);
    },
    records: async () => (await readdir(state)).filter((entry) => entry.endsWith('.json')).length,
    methods: () => proxy.log.map(({ method, status }) => `${method} ${status}`),
  };
}

describe('pulse-upload abort', () => {
  test.each(['tus', 'pulse-v1', 'pulse'] as const)(
    'ends an unfinished upload (%s), and forgets it',
    async (protocol) => {
      const bench = await startBench({ protocol });
      const file = await bench.begin();
      const before = bench.proxy.log.length;
      const { code, stdout, stderr } = await bench.run('abort', 'video.mp4');
      const server = new URL(bench.proxy.url).href;
      expect([code, stdout, stderr]).toEqual([
        0,
        `aborted ${file} at ${server}: the server has removed it\n`,
        '',
      ]);
      const discovery = protocol === 'tus' ? ['OPTIONS 204'] : [];
      expect(bench.methods().slice(before)).toEqual(['HEAD 200', ...discovery, 'DELETE 204', 'HEAD 404']);
      expect(await bench.records()).toBe(0);
      expect(await bench.run('abort', 'video.mp4')).toMatchObject({ code: 3, stdout: '' });
    },
  );

  test('finds what was begun at the server where that is spelled with a slash more', async () => {
    const bench = await startBench();
    await bench.begin();
    expect(bench.proxy.url).toMatch(/\/files$/);
    const { code, stdout } = await bench.run('abort', 'video.mp4', '-s', `${bench.proxy.url}/`);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/the server has removed it\n$/)]);
    expect(await bench.records()).toBe(0);
  });

  test('takes what is gone already as done', async () => {
    const bench = await startBench();
    await bench.begin();
    bench.proxy.setFaults([{ on: { method: 'HEAD' }, do: 'answer', status: 410 }]);
    const { code, stdout } = await bench.run('abort', 'video.mp4', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'upload.aborted', ended: 'gone' });
    expect(await bench.records()).toBe(0);
    expect(bench.methods()).not.toContain('DELETE 204');
  });

  test('says that the server offers no termination, sends no DELETE, and keeps what is remembered', async () => {
    const bench = await startBench({ protocol: 'tus', extensions: [creationDeferLength()] });
    await bench.begin();
    const { code, stderr } = await bench.run('abort', 'video.mp4');
    expect(code).toBe(5);
    expect(stderr).toMatch(
      /^error: the server offers no termination of http.*: OPTIONS does not list it\n next: /,
    );
    expect(bench.methods().some((line) => line.startsWith('DELETE'))).toBe(false);
    expect(await bench.records()).toBe(1);
  });

  test('does not believe a DELETE that was answered and did nothing', async () => {
    const bench = await startBench();
    await bench.begin();
    bench.proxy.setFaults([{ on: { method: 'DELETE' }, do: 'answer', status: 204 }]);
    const { code, stderr } = await bench.run('abort', 'video.mp4');
    expect(code).toBe(6);
    expect(stderr).toMatch(/was answered, yet the upload is still there/);
    expect(await bench.records()).toBe(1);
  });

  test('leaves alone what is another upload by now, also after a failure', async () => {
    const bench = await startBench();
    const other = {
      on: { method: 'HEAD' },
      do: 'alter-response',
      headers: { 'Upload-Length': '999', 'Upload-Offset': '5' },
    } as const;
    await bench.begin();
    bench.proxy.setFaults([other]);
    const { code, stderr } = await bench.run('abort', 'video.mp4');
    expect(code).toBe(6);
    expect(stderr).toMatch(
      / says offset 5 and Upload-Length 999, so that it is another upload; it was left alone\n/,
    );
    expect(await bench.records()).toBe(1);
    await writeFile(join(bench.dir, 'b.mp4'), payload(3000));
    bench.proxy.setFaults([other, { on: { method: 'PATCH' }, do: 'answer', status: 409 }]);
    const upload = ['b.mp4', '-s', bench.proxy.url, '--protocol', 'tus', '--chunk-size', '1000'];
    const failed = await bench.run(...upload, '--abort-on-failure');
    expect(failed.code).toBe(6);
    expect(failed.stderr).toMatch(/was not removed from the server: .*another upload/);
    expect(bench.methods().some((line) => line.startsWith('DELETE'))).toBe(false);
  });

  test('leaves alone what somebody sent to an upload whose creation was never answered', async () => {
    const bench = await startBench({ protocol: 'pulse-v1' });
    await writeFile(join(bench.dir, 'video.mp4'), payload(3000));
    bench.proxy.setFaults([{ on: { method: 'POST' }, do: 'swallow-response', by: 'rst' }]);
    const upload = ['video.mp4', '-s', bench.proxy.url, '--protocol', 'pulse-v1', '--retries', '0'];
    expect((await bench.run(...upload)).code).toBe(4);
    bench.proxy.setFaults([]);
    const { url } = JSON.parse((await bench.run('list', '--json')).stdout.split('\n')[0] ?? '');
    expect((await patch(url, 0, payload(1))).status).toBe(204);
    const { code, stderr } = await bench.run('abort', 'video.mp4');
    expect(code).toBe(6);
    expect(stderr).toMatch(/another upload; it was left alone/);
  });

  test('waits for a lock, and takes the second answer to a DELETE whose first one was lost', async () => {
    const bench = await startBench();
    await bench.begin();
    bench.proxy.setFaults([
      { on: { method: 'DELETE', nth: 1 }, do: 'answer', status: 423 },
      { on: { method: 'DELETE', nth: 2 }, do: 'swallow-response', by: 'rst' },
    ]);
    const { code, stdout } = await bench.run('abort', 'video.mp4', '--retry-delay', '10ms');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^aborted /);
    expect(bench.proxy.log.filter(({ method }) => method === 'DELETE')).toHaveLength(3);
    expect(await bench.records()).toBe(0);
  });

  test('takes the URL of an upload, remembered or not', async () => {
    const bench = await startBench();
    await bench.begin();
    const { stdout } = await bench.run('list', '--json');
    const { url } = JSON.parse(stdout) as { url: string };
    expect((await bench.run('abort', url)).stdout).toMatch(/the server has removed it\n$/);
    expect(await bench.records()).toBe(0);

    await bench.begin('other.mp4');
    const other = JSON.parse((await bench.run('list', '--json')).stdout).url as string;
    await bench.run('forget', 'other.mp4');
    expect((await bench.run('abort', other)).stdout).toBe(`aborted ${other}: the server has removed it\n`);
    expect((await bench.run('abort', other)).stdout).toBe(
      `nothing to abort: the server has no upload ${other}\n`,
    );
  });

  test('leaves a complete upload alone', async () => {
    const bench = await startBench();
    await writeFile(join(bench.dir, 'video.mp4'), payload(3000));
    const { stdout } = await bench.run('video.mp4', '-s', bench.proxy.url, '--protocol', 'tus', '-q');
    const { code, stderr } = await bench.run('abort', stdout.trim());
    expect([code, stderr]).toEqual([
      5,
      expect.stringMatching(/is complete, expected an unfinished upload; it was left alone/),
    ]);
    expect(bench.methods().some((line) => line.startsWith('DELETE'))).toBe(false);
  });

  test('leaves alone what is another upload than that of an empty file', async () => {
    const bench = await startBench();
    await writeFile(join(bench.dir, 'empty.mp4'), '');
    const upload = ['empty.mp4', '-s', bench.proxy.url, '--protocol', 'tus', '--no-finalize'];
    expect((await bench.run(...upload)).code).toBe(0);
    const headers = { 'Upload-Length': '999', 'Upload-Offset': '5' };
    bench.proxy.setFaults([{ on: { method: 'HEAD' }, do: 'alter-response', headers }]);
    expect(await bench.run('abort', 'empty.mp4')).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('so that it is another upload; it was left alone'),
    });
    expect(bench.methods().some((line) => line.startsWith('DELETE'))).toBe(false);
  });

  test('leaves alone what may be complete: only who knows its length can tell, where HEAD names none', async () => {
    const bench = await startBench();
    await bench.begin();
    const { url } = JSON.parse((await bench.run('list', '--json')).stdout) as { url: string };
    const silent = { do: 'alter-response', headers: { 'upload-length': null } } as const;
    bench.proxy.setFaults([{ on: { method: 'HEAD', nth: 1, times: 9 }, ...silent }]);
    const before = bench.proxy.log.length;
    await bench.run('forget', 'video.mp4');
    const { code, stderr } = await bench.run('abort', url);
    expect([code, stderr]).toEqual([6, expect.stringMatching(/it may be complete; it was left alone/)]);
    // Of a file whose size could count nobody spoke.
    expect(stderr).not.toContain('warning');
    expect(bench.methods().slice(before)).toEqual(['HEAD 200']);

    await bench.begin('other.mp4');
    bench.proxy.setFaults([{ on: { method: 'HEAD', nth: 1, times: 9 }, ...silent }]);
    expect((await bench.run('abort', 'other.mp4')).stdout).toMatch(/the server has removed it\n$/);
  });

  test('ends the others where one cannot be ended', async () => {
    const bench = await startBench();
    await bench.begin('a.mp4');
    await bench.begin('b.mp4');
    bench.proxy.setFaults([{ on: { method: 'DELETE', nth: 1 }, do: 'answer', status: 403 }]);
    const { code, stdout, stderr } = await bench.run('abort', 'a.mp4', 'b.mp4');
    expect(code).toBe(5);
    expect(stdout).toMatch(/^aborted .*b\.mp4/);
    expect(stderr).toMatch(/^error: DELETE http.* answered 403/);
    expect(await bench.records()).toBe(1);
  });
});

describe('the token', () => {
  test('goes to the server that is named with it, and to no other', async () => {
    const bench = await startBench({ protocol: 'tus', token: 's3cret' });
    await bench.begin('video.mp4', '--token', 's3cret');
    const before = bench.proxy.log.length;
    const unnamed = await bench.run('abort', 'video.mp4', '--token', 's3cret');
    expect([unnamed.code, unnamed.stderr]).toEqual([
      2,
      expect.stringMatching(/a token is given and no server/),
    ]);
    const elsewhere = await bench.run('abort', 'video.mp4', '--token', 's3cret', '-s', 'http://127.0.0.1:9/');
    expect(elsewhere.code).toBe(3);
    const url = JSON.parse((await bench.run('list', '--json')).stdout).url as string;
    const foreign = await bench.run('abort', url, '--token', 's3cret', '-s', 'http://127.0.0.1:9/');
    expect([foreign.code, foreign.stderr]).toEqual([
      2,
      expect.stringMatching(/is not the origin of the server that is given/),
    ]);
    expect(bench.proxy.log).toHaveLength(before);

    const withIt = await bench.run('abort', 'video.mp4', '--token', 's3cret', '-s', bench.proxy.url);
    expect([withIt.code, withIt.stdout]).toEqual([0, expect.stringMatching(/has removed it/)]);
    const sent = bench.proxy.log.slice(before).filter(({ method }) => method !== 'OPTIONS');
    expect(sent.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill('Bearer s3cret'));
  });

  test('that is missing is exit 5, and the upload stays', async () => {
    const bench = await startBench({ protocol: 'tus', token: 's3cret' });
    await bench.begin('video.mp4', '--token', 's3cret');
    const { code } = await bench.run('abort', 'video.mp4');
    expect(code).toBe(5);
    expect(await bench.records()).toBe(1);
  });
});

test('abort without an operand is a usage error, and --help shows an example', async () => {
  const bench = await startBench();
  expect(await bench.run('abort')).toMatchObject({ code: 2 });
  const { stdout } = await bench.run('abort', '--help');
  expect(stdout).toMatch(/Example: pulse-upload abort video\.mp4\n$/);
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThan(80);
});
