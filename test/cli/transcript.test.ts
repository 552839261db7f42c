import { randomBytes } from 'node:crypto';
import { appendFile, chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type ScriptedOptions, startScriptedServer } from '../upload/scripted-server.ts';
import { runBin, startBin, temporaryFolder } from './run-bin.ts';

async function startBench(options: ScriptedOptions = {}) {
  const server = await startScriptedServer(options);
  onTestFinished(() => server.close());
  const dir = await temporaryFolder();
  await writeFile(join(dir, 'video.mp4'), randomBytes(3000));
  const path = join(dir, 't.ndjson');
  const env = { PULSE_UPLOAD_SERVER: server.url, PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
  return {
    server,
    dir,
    path,
    start: (...args: readonly string[]) => startBin([...args, '--transcript', 't.ndjson'], { cwd: dir, env }),
    run: (...args: readonly string[]) => runBin([...args, '--transcript', 't.ndjson'], { cwd: dir, env }),
    lines: async () =>
      (await readFile(path, 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
  };
}

describe('a transcript', () => {
  test('holds every request and its answer, with headers, sizes and times', async () => {
    const { server, path, run, lines } = await startBench();
    server.script.PATCH = [
      { answer: 503, headers: { 'Retry-After': '0' }, body: 'busy' },
      { cutAfterBytes: 10, keep: false },
    ];
    expect((await run('video.mp4', '--retry-delay', '1ms')).code).toBe(0);
    const seen = await lines();
    expect(seen.map(({ method }) => method)).toEqual(server.seen.map(({ method }) => method));
    expect(seen.every(({ type, pid }) => type === 'http.exchange' && Number.isInteger(pid))).toBe(true);
    const [busy, cut, stored] = seen.filter(({ method }) => method === 'PATCH');
    expect(busy).toMatchObject({
      url: expect.stringMatching(/^http:.*\/uploads\/[0-9a-f-]{36}$/),
      requestHeaders: { 'Upload-Offset': '0', 'Tus-Resumable': '1.0.0' },
      sentBytes: 3000,
      status: 503,
      answerHeaders: { 'retry-after': '0' },
      answerBytes: 4,
    });
    expect(cut).toMatchObject({ broken: { cause: 'reset', delivered: true } });
    expect(stored).toMatchObject({ status: 204, answerHeaders: { 'upload-offset': '3000' } });
    for (const { elapsedMs, time } of seen) {
      expect(elapsedMs).toBeGreaterThanOrEqual(0);
      expect(Date.parse(time)).not.toBeNaN();
    }
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('holds no token, no header that the user gave, and no query, whatever the server echoes', async () => {
    const { server, path, run } = await startBench({
      location: (id) => `/uploads/${encodeURIComponent('s3cret/1')}/${id}?signature=private`,
    });
    const echo = { 'X-Echo': 's3cret/1 and s3cret%2f1 and given-value', 'Set-Cookie': 'session=private' };
    server.script.PATCH = [{ patchHeaders: echo }];
    const flags = ['-t', 's3cret/1', '-H', 'X-Camera: given-value', '-H', 'Authorization: Basic private'];
    expect((await run('video.mp4', ...flags, '--retries', '0')).code).toBe(0);
    const text = await readFile(path, 'utf8');
    expect(text).toContain('"X-Camera":"[given]"');
    expect(text).toContain('"X-Upload-Token":"[hidden]"');
    expect(text).toContain('"x-echo":"[token] and [token] and [token]"');
    expect(text).not.toMatch(/s3cret|private|given-value/);
  });

  test('is appended to, also behind a line that a killed process left torn', async () => {
    const { path, run } = await startBench();
    await writeFile(path, '{"mine":1}\n{"torn');
    if (process.platform !== 'win32') await chmod(path, 0o640);
    expect((await run('video.mp4')).code).toBe(0);
    const [mine, torn, first] = (await readFile(path, 'utf8')).split('\n');
    expect([mine, torn]).toEqual(['{"mine":1}', '{"torn']);
    expect(JSON.parse(first ?? '')).toMatchObject({ type: 'http.exchange' });
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o640);
  });

  test.skipIf(process.platform === 'win32')('tells the request that a signal cut short', async () => {
    const { server, start, lines } = await startBench();
    server.script.PATCH = [{ stall: true }];
    const running = start('video.mp4');
    while (!server.lines().some((line) => line.startsWith('PATCH'))) await sleep(10);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect((await lines()).at(-1)).toMatchObject({ method: 'PATCH', broken: { cause: 'interrupted' } });
  });

  test('that cannot be opened is exit 3, and nothing is sent', async () => {
    const { server, dir } = await startBench();
    const env = { PULSE_UPLOAD_TRANSCRIPT: dir };
    const refused = await runBin(['video.mp4', '-s', server.url], { cwd: dir, env });
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('--transcript') });
    expect(server.seen).toEqual([]);
  });

  test('is never written into the file that is uploaded', async () => {
    const { server, run, path } = await startBench();
    await appendFile(path, 'a video by an unlucky name');
    expect(await run('video.mp4', 't.ndjson')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is a file that is to be uploaded'),
    });
    expect(await readFile(path, 'utf8')).toBe('a video by an unlucky name');
    expect(server.seen).toEqual([]);
  });

  test.runIf(process.platform === 'linux')(
    'on a full disk ends with a warning, and the upload goes on',
    async () => {
      const { server, dir } = await startBench();
      const env = { PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
      const args = ['video.mp4', '-s', server.url, '--transcript', '/dev/full'];
      const { code, stderr } = await runBin(args, { cwd: dir, env });
      expect(code).toBe(0);
      expect(stderr.match(/warning: the transcript \/dev\/full ends here/g)).toHaveLength(1);
    },
  );
});
