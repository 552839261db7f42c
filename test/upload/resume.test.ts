import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PulseError } from '../../src/errors.ts';
import { openStateStore } from '../../src/upload/state/state-store.ts';
import { type Bench, MIB, plainTus, startBench } from './harness.ts';

/** Leaves an upload behind that stopped after its first two chunks. */
async function interrupted(bench: Bench, sizeBytes = 3 * MIB): Promise<string> {
  const file = await bench.file(sizeBytes);
  bench.server.script.PATCH = [{ first: () => {} }, { first: () => {} }, ...Array(4).fill({ answer: 503 })];
  expect((await bench.upload(file)).exitCode).toBe(4);
  bench.events.length = 0;
  bench.server.seen.length = 0;
  return file;
}

async function stateFile(bench: Bench): Promise<string> {
  const names = await readdir(join(bench.dir, 'state'));
  const name = names.find((candidate) => candidate.endsWith('.json'));
  if (name === undefined) throw new Error(`no record in ${names.join()}`);
  return join(bench.dir, 'state', name);
}

const warnings = (bench: Bench) => bench.of('upload.warning').map(({ message }) => message);

describe('the same command again', () => {
  it('goes on where the server is', async () => {
    const bench = await startBench();
    const file = await interrupted(bench);
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(bench.of('upload.resumed')).toMatchObject([{ offsetBytes: 2 * MIB }]);
    expect(bench.of('upload.done')).toMatchObject([
      { proven: true, resumedFromBytes: 2 * MIB, sentBytes: MIB },
    ]);
    expect(bench.server.uploads.size).toBe(1);
    expect(await readdir(join(bench.dir, 'state'))).toEqual([]);
  });

  it('goes on also where the file system has another device number since, as after a mount', async () => {
    const bench = await startBench();
    const file = await interrupted(bench);
    const path = await stateFile(bench);
    const record = JSON.parse(await readFile(path, 'utf8'));
    // Earlier versions kept it.
    await writeFile(path, JSON.stringify({ ...record, identity: { ...record.identity, device: '1' } }));
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, resumedFromBytes: 2 * MIB }]);
  });

  it('starts over with --no-resume', async () => {
    const bench = await startBench();
    const file = await interrupted(bench);
    await bench.upload(file, { resume: false });
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: 3 * MIB }]);
  });

  it('starts over, and says so, when the file was changed in between', async () => {
    const bench = await startBench();
    const file = await interrupted(bench);
    await writeFile(file, Buffer.alloc(3 * MIB, 7));
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(warnings(bench)).toEqual(['the file changed since its upload was begun; starting a new upload']);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: 3 * MIB }]);
  });

  it('refuses to splice when the content changed but size and times did not', async () => {
    const bench = await startBench();
    const file = await interrupted(bench);
    const path = await stateFile(bench);
    const record = JSON.parse(await readFile(path, 'utf8'));
    expect(record.prefix.bytes).toBeGreaterThan(0);
    await writeFile(
      path,
      JSON.stringify({ ...record, prefix: { ...record.prefix, sha256: '0'.repeat(64) } }),
    );
    expect((await bench.upload(file)).exitCode).toBe(3);
    expect(bench.of('upload.failed')).toMatchObject([
      { hint: expect.stringContaining('--no-resume'), resumable: false },
    ]);
    expect(bench.server.lines().filter((line) => line.startsWith('PATCH'))).toEqual([]);
  });

  const half = (bench: Bench) => () => {
    for (const upload of bench.server.uploads.values()) upload.data = upload.data.subarray(0, MIB / 2);
  };

  it.each([
    ['the answer to finalize was lost', 4, () => ({ FINALIZE: [{ loseAnswer: true }] })],
    ['finalize was refused', 5, () => ({ FINALIZE: [{ answer: 400 }] })],
    [
      'finalize found bytes missing',
      6,
      (bench: Bench) => ({
        FINALIZE: [{ answer: 409 }],
        HEAD: [{ first: () => {} }, { first: half(bench) }],
      }),
    ],
    ['the server failed at the end', 8, () => ({ PATCH: [{ status: 500 }] })],
  ] as const)(
    'refuses other content under the same size and times also after %s',
    async (why, code, script) => {
      const bench = await startBench();
      const file = await bench.file(MIB);
      const times = new Date(1_000_000_000_000);
      await utimes(file, times, times);
      Object.assign(bench.server.script, script(bench));
      const settings = { retries: 0, ...(why.startsWith('the server') && plainTus(bench)) };
      expect((await bench.upload(file, settings)).exitCode).toBe(code);
      await writeFile(file, Buffer.alloc(MIB, 7));
      await utimes(file, times, times);
      bench.server.seen.length = 0;
      expect((await bench.upload(file, settings)).exitCode).toBe(3);
      expect(bench.server.lines().filter((line) => /^(POST|PATCH)/.test(line))).toEqual([]);
    },
  );

  it.each([404, 410, 403])('starts over when the server answers %i twice', async (answer) => {
    const bench = await startBench();
    const file = await interrupted(bench);
    const gone = { answer, headers: { 'Tus-Resumable': '1.0.0' } };
    bench.server.script.HEAD = [gone, gone];
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(warnings(bench)).toEqual(['the server no longer has the upload; starting a new upload']);
  });

  it('does not throw an upload away for a 403 that is not the protocol’s own', async () => {
    const bench = await startBench();
    const file = await interrupted(bench);
    bench.server.script.HEAD = [{ answer: 403, body: 'blocked by the firewall' }];
    expect((await bench.upload(file)).exitCode).toBe(5);
    expect(bench.of('upload.failed')).toMatchObject([{ resumable: true }]);
    await bench.upload(file);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: MIB }]);
  });

  it.each([405, 501])(
    'keeps an upload whose HEAD is answered %i, and names the way to start over',
    async (answer) => {
      const bench = await startBench();
      const file = await interrupted(bench);
      bench.server.script.HEAD = [{ answer }];
      expect((await bench.upload(file)).exitCode).toBe(5);
      expect(bench.of('upload.failed')).toMatchObject([{ hint: expect.stringContaining('--no-resume') }]);
      await bench.upload(file);
      expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: MIB }]);
    },
  );

  it('does not throw an upload away for one passing 404', async () => {
    const bench = await startBench();
    const file = await interrupted(bench);
    bench.server.script.HEAD = [{ answer: 404 }];
    await bench.upload(file);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: MIB }]);
  });

  it('does not start over because HEAD answers 502', async () => {
    const bench = await startBench();
    const file = await interrupted(bench);
    bench.server.script.HEAD = Array(4).fill({ answer: 502 });
    expect((await bench.upload(file)).exitCode).toBe(4);
    expect(bench.server.lines()).toEqual(Array(4).fill('HEAD /uploads/<id>'));
    await bench.upload(file);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: MIB }]);
  });

  it('starts over when the upload there has another length', async () => {
    const bench = await startBench();
    const file = await interrupted(bench);
    bench.server.script.HEAD = [{ patchHeaders: { 'Upload-Length': '5' } }];
    await bench.upload(file);
    expect(warnings(bench)).toEqual([
      `the server's upload is for 5 bytes, the file has ${3 * MIB}; starting a new upload`,
    ]);
  });

  it('stops when the server claims more than the file has', async () => {
    const bench = await startBench();
    const file = await interrupted(bench);
    bench.server.script.HEAD = [{ patchHeaders: { 'Upload-Offset': String(9 * MIB) } }];
    expect((await bench.upload(file)).exitCode).toBe(6);
  });

  it('goes straight to finalize when all bytes are there', async () => {
    const bench = await startBench();
    const file = await bench.file(MIB);
    bench.server.script.PATCH = [{ loseAnswer: true }];
    bench.server.script.HEAD = [{ first: () => {} }, ...Array(4).fill({ answer: 503 })];
    expect((await bench.upload(file)).exitCode).toBe(4);
    bench.server.seen.length = 0;
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(bench.server.lines()).toEqual(['HEAD /uploads/<id>', 'POST /uploads/finalize']);
  });

  it('takes another name of the same file for the same file, and the same bytes elsewhere for another', async () => {
    const bench = await startBench();
    const file = await interrupted(bench);
    await bench.upload(join(bench.dir, '.', 'nowhere', '..', file.split('/').at(-1) ?? ''));
    expect(bench.of('upload.resumed')).toHaveLength(1);
  });
});

describe('the same server, spelled with a slash more or less', () => {
  const interruptedAt = async (server: (bench: Bench) => URL) => {
    const bench = await startBench({ prefix: '/api' });
    const file = await bench.file(3 * MIB);
    bench.server.script.PATCH = [{ first: () => {} }, { first: () => {} }, ...Array(4).fill({ answer: 503 })];
    expect((await bench.upload(file, { server: server(bench) })).exitCode).toBe(4);
    bench.events.length = 0;
    return { bench, file };
  };
  const without = (bench: Bench) => new URL(bench.server.url);
  const withSlash = (bench: Bench) => new URL(`${bench.server.url}/`);

  it.each([
    ['more', without, withSlash],
    ['less', withSlash, without],
  ])('(%s) is gone on with', async (_, first, second) => {
    const { bench, file } = await interruptedAt(first);
    expect((await bench.upload(file, { server: second(bench) })).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: MIB }]);
    expect(await readdir(join(bench.dir, 'state'))).toEqual([]);
  });

  it('has one upload of a file at a time', async () => {
    const { bench, file } = await interruptedAt(without);
    const store = openStateStore(join(bench.dir, 'state'));
    const lock = await store.lock({ server: without(bench).href, protocol: 'pulse', path: file });
    expect((await bench.upload(file, { server: withSlash(bench) })).exitCode).toBe(4);
    await lock.release();
  });
});

describe('state that cannot be trusted', () => {
  it.each([
    ['torn', (text: string) => text.slice(0, text.length / 2)],
    ['of a later version', (text: string) => text.replace('"schema":1', '"schema":99')],
    ['of another upload', (text: string) => text.replace('"protocol":"pulse"', '"protocol":"tus"')],
    ['empty', () => ''],
  ])('%s is set aside with a warning', async (_, spoil) => {
    const bench = await startBench();
    const file = await interrupted(bench);
    const path = await stateFile(bench);
    await writeFile(path, spoil(await readFile(path, 'utf8')));
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(warnings(bench)).toEqual([expect.stringContaining('was set aside')]);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: 3 * MIB }]);
  });

  it('never leaves this machine: a record that names another origin is not followed', async () => {
    const bench = await startBench();
    const file = await interrupted(bench);
    const path = await stateFile(bench);
    await writeFile(
      path,
      (await readFile(path, 'utf8')).replace(/"url":"http:\/\/[^/]+/, '"url":"http://127.0.0.1:9'),
    );
    expect((await bench.upload(file, { token: 's3cret' })).exitCode).toBe(0);
    expect(warnings(bench)).toEqual([expect.stringContaining('another origin')]);
  });

  it('holds no token', async () => {
    const bench = await startBench();
    const file = await bench.file(MIB);
    bench.server.script.PATCH = Array(4).fill({ answer: 503 });
    await bench.upload(file, { token: 's3cret' });
    expect(await readFile(await stateFile(bench), 'utf8')).not.toContain('s3cret');
  });
});

describe('two processes on one file', () => {
  const lockOf = async (bench: Bench) => (await stateFile(bench)).replace(/json$/, 'lock');

  it('the second one says so and changes nothing', async () => {
    const bench = await startBench();
    const file = await interrupted(bench);
    const owner = { pid: process.ppid, host: hostname(), nonce: 'x' };
    await writeFile(await lockOf(bench), JSON.stringify(owner));
    expect((await bench.upload(file)).exitCode).toBe(4);
    expect(bench.of('upload.failed')[0]?.message).toContain(`by process ${process.ppid}`);
    expect(bench.server.seen).toEqual([]);
  });

  it.each([
    ['a dead owner', JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), nonce: 'x' })],
    [
      'a pid that was given out again',
      JSON.stringify({ pid: process.pid, host: hostname(), started: 'earlier', nonce: 'x' }),
    ],
    ['junk', '{'],
  ])('a lock with %s is taken over', async (_, text) => {
    if (text.includes('earlier') && process.platform !== 'linux') return; // only Linux tells when a process began
    const bench = await startBench();
    const file = await interrupted(bench);
    await writeFile(await lockOf(bench), text);
    expect((await bench.upload(file)).exitCode).toBe(0);
  });

  it('the first one stops when the second one has taken over, sends nothing more and leaves its record alone', async () => {
    const bench = await startBench();
    const file = await bench.file(3 * MIB);
    const taken = new AbortController();
    bench.server.script.PATCH = [{ patchHeaders: {} }, { stall: true }];
    const store = openStateStore(join(bench.dir, 'state'));
    const lock = async () => ({ lost: taken.signal, release: async () => {} });
    const uploading = bench.upload(file, {}, { store: { ...store, lock } });
    while (bench.server.script.PATCH.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const path = await stateFile(bench);
    const others = {
      ...JSON.parse(await readFile(path, 'utf8')),
      url: `${bench.server.url}/uploads/of-the-second`,
      phase: 'finalizing',
    };
    await writeFile(path, JSON.stringify(others));
    taken.abort(new PulseError('temporary', 'another process has taken over', { hint: 'see there' }));
    expect(await uploading).toMatchObject({ exitCode: 4 });
    expect(bench.of('upload.failed')).toMatchObject([
      { message: 'another process has taken over', resumable: true },
    ]);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(others);
    expect(bench.server.lines().filter((line) => line.startsWith('PATCH')).length).toBeLessThanOrEqual(2);
  });

  it('the same file twice at once is one upload at a time', async () => {
    const bench = await startBench();
    const file = await bench.file(2 * MIB);
    const outcomes = await Promise.all([bench.upload(file), bench.upload(file)]);
    expect(outcomes.map(({ exitCode }) => exitCode).sort()).toEqual([0, 4]);
    expect(bench.server.finished.size).toBe(1);
  });
});

describe('an abort', () => {
  it('between two files leaves the second one out, and is no success', async () => {
    const bench = await startBench();
    const stop = new AbortController();
    const files = [await bench.file(10, 'a.mp4'), await bench.file(10, 'b.mp4')];
    const report = (event: { type: string }) => void (event.type === 'upload.done' && stop.abort());
    const outcome = await bench.upload(files, {}, { signal: stop.signal, report });
    expect(outcome).toEqual({ exitCode: 130, done: 1, failed: 0, notAttempted: 1 });
  });

  it('keeps the state and is told as interrupted', async () => {
    const bench = await startBench();
    const file = await bench.file(3 * MIB);
    const stop = new AbortController();
    bench.server.script.PATCH = [{ first: () => {} }, { first: () => stop.abort() }];
    const outcome = await bench.upload([file, file], {}, { signal: stop.signal });
    expect(outcome).toMatchObject({ exitCode: 130, failed: 1, notAttempted: 1 });
    expect(bench.of('upload.failed')).toMatchObject([{ kind: 'interrupted', resumable: true }]);
    await bench.upload(file);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
    expect(bench.of('upload.done')[0]?.resumedFromBytes).toBeGreaterThanOrEqual(MIB);
    await utimes(file, 1, 1);
  });
});
