import { renameSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { latestRecords } from '../../src/bulk/ledger/latest.ts';
import { isoTime } from '../../src/bulk/ledger/ledger-record.ts';
import { summarise } from '../../src/bulk/ledger/summary.ts';
import type { PulseEvent } from '../../src/events.ts';
import { createTransport } from '../../src/transport/http.ts';
import { keptUploads } from '../../src/upload/state/kept-uploads.ts';
import { openStateStore } from '../../src/upload/state/state-store.ts';
import { quickClock } from '../upload/harness.ts';
import type { ScriptedServer } from '../upload/scripted-server.ts';
import { folderOf } from './folder.ts';
import { names, startBulkBench } from './harness.ts';

describe('a run of many files', () => {
  test('sends several at a time, each of them strictly in order', async () => {
    const { run, server } = await startBulkBench();
    const dir = await folderOf(...names(12));
    const transport = createTransport();
    const underWay: string[] = [];
    let most = 0;
    let fourAreHere = () => {};
    const barrier = new Promise<void>((resolve) => {
      fourAreHere = resolve;
    });
    const outcome = await run(dir, {
      tools: {
        send: async (request, conditions) => {
          const { href } = request.url;
          if (request.method === 'PATCH') expect(underWay).not.toContain(href);
          most = Math.max(most, underWay.push(href));
          if (most === 4) fourAreHere();
          // Held until four are under way at once: fewer jobs would wait here for ever.
          await barrier;
          const answered = await transport.send(request, conditions);
          underWay.splice(underWay.indexOf(href), 1);
          return answered;
        },
      },
    });
    await transport.close();
    expect(outcome).toEqual({ exitCode: 0, done: 12, failed: 0, notAttempted: 0 });
    expect(most).toBe(4);
    expect([...server.finished.values()].map(String).toSorted()).toEqual(names(12));
  });

  test('fails no file for a checksum that the server refuses to two of them at once', async () => {
    const { run, server, of } = await startBulkBench({ headless: true });
    const headers = {
      'Tus-Version': '1.0.0',
      'Tus-Extension': 'creation,checksum',
      'Tus-Checksum-Algorithm': 'sha1',
    };
    server.script.OPTIONS = [{ answer: 204, headers }];
    server.script.PATCH = [{ answer: 400 }, { answer: 400 }];
    const transport = createTransport();
    let chunks = 0;
    let bothAreHere = () => {};
    const barrier = new Promise<void>((resolve) => {
      bothAreHere = resolve;
    });
    const outcome = await run(await folderOf(...names(2)), {
      upload: { protocol: 'tus', server: new URL(`${server.url}/uploads`) },
      tools: {
        send: async (request, conditions) => {
          if (request.method === 'PATCH') {
            chunks += 1;
            if (chunks === 2) bothAreHere();
            await barrier;
          }
          return transport.send(request, conditions);
        },
      },
    });
    await transport.close();
    expect(outcome).toMatchObject({ exitCode: 0, done: 2 });
    const said = of('upload.warning').filter(({ message }) => message.includes('going on without'));
    expect(said).toHaveLength(1);
  });

  test('is announced with its totals, and ends with its counts', async () => {
    const { run, events } = await startBulkBench();
    await run(await folderOf(...names(3)));
    expect(events[0]).toEqual({
      type: 'run.start',
      files: 3,
      sizeBytes: 18,
      jobs: 3,
      skipped: 0,
      tooYoung: 0,
      duplicates: 0,
    });
    expect(events.at(-1)).toMatchObject({ type: 'run.end', exitCode: 0, done: 3, skipped: 0, tooYoung: 0 });
  });

  test('goes on when a file is broken', async () => {
    const { run, of } = await startBulkBench();
    const dir = await folderOf(...names(6));
    const lines = [...names(6), 'missing.mp4'].map((name) => JSON.stringify({ file: join(dir, name) }));
    expect(await run(dir, { manifest: lines.join('\n') })).toEqual({
      exitCode: 3,
      done: 6,
      failed: 1,
      notAttempted: 0,
    });
    expect(of('upload.failed').map(({ file, kind }) => [basename(file), kind])).toEqual([
      ['missing.mp4', 'input'],
    ]);
  });

  test('gives each file what its manifest says, and no file the token of another', async () => {
    const { run, server, records } = await startBulkBench();
    const dir = await folderOf('a.mp4', 'b.mp4');
    const own = { name: 'x.mp4', metadata: { camera: '7' }, tokenFile: 't' };
    const lines = [{ file: join(dir, 'a.mp4'), ...own }, { file: join(dir, 'b.mp4') }];
    server.script.FINALIZE = [{ answer: 400, body: 'no own-s3cret here' }];
    const manifest = lines.map((line) => JSON.stringify(line)).join('\n');
    await run(dir, { manifest, upload: { token: 's3cret', metadata: { day: '1' } }, run: { jobs: 1 } });
    const created = server.seen.filter(({ method, path }) => method === 'POST' && path === '/uploads');
    expect(created.map(({ headers }) => headers['x-upload-token'])).toEqual(['own-s3cret', 's3cret']);
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    expect(created[0]?.headers['upload-metadata']).toMatch(
      new RegExp(`filename ${base64('x.mp4')}.*day ${base64('1')}.*camera ${base64('7')}`),
    );
    expect(created[1]?.headers['upload-metadata']).not.toContain('camera');
    const [refused] = await records();
    expect(refused).toMatchObject({ status: 'failed', message: expect.stringContaining('no [token] here') });
  });
});

describe('tokens', () => {
  const ownAndShared = (dir: string) =>
    [{ file: join(dir, 'a.mp4'), tokenFile: 't' }, { file: join(dir, 'b.mp4') }]
      .map((line) => JSON.stringify(line))
      .join('\n');

  test('that a server puts into URLs stand neither in the state nor in the ledger', async () => {
    const tokens = ['own-s3cret', 's3cret'];
    const location = (id: string) => `/uploads/${id}?t=${tokens.shift()}`;
    const { run, server, ledger, records } = await startBulkBench({ location });
    const dir = await folderOf('a.mp4', 'b.mp4');
    const changes = { manifest: ownAndShared(dir), upload: { token: 's3cret' }, run: { jobs: 1 } };
    server.script.FINALIZE = [{ answer: 400 }, { answer: 400 }];
    expect((await run(dir, changes)).failed).toBe(2);
    const state = join(dirname(ledger), 'state');
    const kept = (await readdir(state)).filter((name) => name.endsWith('.json'));
    const texts = await Promise.all(kept.map((name) => readFile(join(state, name), 'utf8')));
    expect(texts.map((text) => [text.includes('?t='), text.includes('s3cret')])).toEqual([
      [true, false],
      [true, false],
    ]);
    expect((await run(dir, changes)).done).toBe(2);
    expect(server.lines().filter((line) => line === 'POST /uploads')).toHaveLength(2);
    const done = (await records()).filter(({ status }) => status === 'done');
    expect(done.map(({ url }) => url)).toEqual(Array(2).fill(expect.stringContaining('?t=[token]')));
  });

  test('that were renewed for a file stand in no message of it', async () => {
    const { run, server, records, of } = await startBulkBench();
    const dir = await folderOf('a.mp4');
    server.script.POST = [{ answer: 401 }, { answer: 403, body: 'no new-s3cret here' }];
    await run(dir, { upload: { token: 's3cret' }, tools: { readToken: () => 'new-s3cret' } });
    const message = expect.stringContaining('no [token] here');
    expect(await records()).toMatchObject([{ status: 'failed', message }]);
    expect(of('upload.failed')).toMatchObject([{ message }]);
  });

  test.each(['s3cret', 'own-s3cret'])('such as %s stand in no reason to stop, nor to wait', async (token) => {
    const { run, server, of } = await startBulkBench();
    const dir = await folderOf('a.mp4');
    const manifest = JSON.stringify({ file: join(dir, 'a.mp4'), tokenFile: 't' });
    server.script.POST = Array(100).fill({ answer: 503, body: `no ${token} here` });
    const own = token === 'own-s3cret' && { manifest };
    await run(dir, { upload: { token: 's3cret', maxOutageMs: 60_000 }, ...own });
    expect(of('outage.start')).toMatchObject([{ reason: expect.stringContaining('no [token] here') }]);
    expect(of('run.stopped')).toMatchObject([{ message: expect.stringContaining('no [token] here') }]);
  });
});

describe('the ledger of a run', () => {
  test('has one record for each outcome', async () => {
    const { run, server, records } = await startBulkBench();
    const dir = await folderOf('a.mp4', ['b.mp4', 'longer']);
    server.script.POST = [{ answer: 403 }];
    await run(dir, { run: { jobs: 1 } });
    expect(await records()).toEqual([
      {
        ledger: 1,
        time: expect.any(String),
        file: join(dir, 'a.mp4'),
        server: `${server.url}/`,
        sizeBytes: 5,
        mtime: '2026-01-31T12:00:00.000000000Z',
        attempts: 1,
        seconds: expect.any(Number),
        status: 'failed',
        proven: false,
        kind: 'refused',
        message: expect.stringContaining('answered 403'),
      },
      {
        ledger: 1,
        time: expect.any(String),
        file: join(dir, 'b.mp4'),
        server: `${server.url}/`,
        sizeBytes: 6,
        mtime: '2026-01-31T12:00:00.000000000Z',
        attempts: 1,
        seconds: expect.any(Number),
        status: 'done',
        url: expect.stringContaining(`${server.url}/uploads/`),
        videoId: expect.any(String),
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        proven: true,
      },
    ]);
  });

  test('makes the next run skip what is proven, and retry what failed or changed', async () => {
    const { run, server, records, of } = await startBulkBench();
    const dir = await folderOf(...names(4));
    server.script.POST = [{ answer: 403 }];
    expect(await run(dir, { run: { jobs: 1 } })).toMatchObject({ exitCode: 5, done: 3, failed: 1 });
    await writeFile(join(dir, '03.mp4'), 'changed');
    expect(await run(dir)).toMatchObject({ exitCode: 0, done: 2 });
    const again = (await records()).slice(4).map(({ file, attempts }) => [basename(file), attempts] as const);
    expect(again.toSorted()).toEqual([
      ['00.mp4', 2],
      ['03.mp4', 2],
    ]);
    expect(await run(dir)).toEqual({ exitCode: 0, done: 0, failed: 0, notAttempted: 0 });
    expect(of('run.end').map(({ skipped }) => skipped)).toEqual([0, 2, 4]);
    expect([...server.finished.values()].map(String).toSorted()).toEqual([...names(4), 'changed'].toSorted());
  });

  test('keeps what is done where a file cannot be looked at, as without its mount: back and unchanged it is skipped', async () => {
    const { run, ledger, records } = await startBulkBench();
    const dir = await folderOf(...names(2));
    const manifest = names(2)
      .map((name) => JSON.stringify({ file: join(dir, name) }))
      .join('\n');
    expect(await run(dir, { manifest })).toMatchObject({ exitCode: 0, done: 2 });
    await rename(dir, `${dir}-away`);
    expect(await run(dir, { manifest })).toMatchObject({ exitCode: 3, failed: 2 });
    await rename(`${dir}-away`, dir);
    expect(summarise((await latestRecords([ledger])).values())).toMatchObject({ proven: 2, failed: 0 });
    expect(await run(dir, { manifest })).toMatchObject({ exitCode: 0, done: 0, failed: 0 });
    await writeFile(join(dir, '01.mp4'), 'changed');
    expect(await run(dir, { manifest })).toMatchObject({ exitCode: 0, done: 1 });
    expect((await records()).at(-1)).toMatchObject({ file: join(dir, '01.mp4'), attempts: 3 });
  });

  test('keeps what is done where a later run asks for a proof that there is not: without that it is skipped', async () => {
    const { run, server, ledger, records } = await startBulkBench();
    const dir = await folderOf(...names(2));
    const unproven = () => Array(2).fill({ patchJson: { checksum: undefined } });
    server.script.FINALIZE = unproven();
    expect(await run(dir)).toMatchObject({ exitCode: 0, done: 2 });
    server.script.FINALIZE = unproven();
    expect(await run(dir, { upload: { requireProof: true } })).toMatchObject({ exitCode: 8, failed: 2 });
    expect(summarise((await latestRecords([ledger])).values())).toMatchObject({ failed: 0 });
    expect(await run(dir)).toEqual({ exitCode: 0, done: 0, failed: 0, notAttempted: 0 });
    await writeFile(join(dir, '01.mp4'), 'changed');
    expect(await run(dir)).toMatchObject({ exitCode: 0, done: 1 });
    expect((await records()).at(-1)).toMatchObject({ file: join(dir, '01.mp4'), attempts: 3 });
  });

  test('takes no file for done any more whose bytes a later run found to be others at the server', async () => {
    const { run, server, ledger } = await startBulkBench();
    const dir = await folderOf('a.mp4');
    server.script.FINALIZE = [{ patchJson: { checksum: undefined } }];
    expect(await run(dir)).toMatchObject({ exitCode: 0, done: 1 });
    server.script.FINALIZE = [{ patchJson: { checksum: `sha256:${'0'.repeat(64)}` } }];
    expect(await run(dir, { upload: { requireProof: true } })).toMatchObject({ exitCode: 7, failed: 1 });
    expect(summarise((await latestRecords([ledger])).values())).toMatchObject({ unproven: 0, failed: 1 });
    expect(await run(dir)).toMatchObject({ exitCode: 0, done: 1 });
    expect(summarise((await latestRecords([ledger])).values())).toMatchObject({ proven: 1, failed: 0 });
  });

  test('knows a file that is dated to 1970, as some archives do', async () => {
    const { run } = await startBulkBench();
    const dir = await folderOf('a.mp4');
    await utimes(join(dir, 'a.mp4'), 0, 0);
    expect(await run(dir)).toMatchObject({ done: 1 });
    expect(await run(dir)).toMatchObject({ done: 0 });
  });

  test('that cannot be written stops the run; what the server has by then is not sent twice', async () => {
    const { run, server, of, records } = await startBulkBench();
    const dir = await folderOf(...names(5));
    const full = {
      append: async () => {
        throw new Error('ENOSPC');
      },
      lost: new AbortController().signal,
      close: async () => {},
      freeAtOnce: () => {},
    };
    // Nothing is cleared away that the next run comes back for.
    const onDone = () => expect.unreachable();
    const outcome = await run(dir, { tools: { ledger: full, onDone }, run: { jobs: 1 } });
    expect(outcome).toMatchObject({ done: 1, notAttempted: 4 });
    expect(outcome.exitCode).not.toBe(0);
    expect(of('run.stopped')).toHaveLength(1);
    expect(await run(dir)).toMatchObject({ exitCode: 0, done: 5 });
    expect(await records()).toHaveLength(5);
    expect(server.lines().filter((line) => line === 'POST /uploads')).toHaveLength(5);
  });
});

describe('a server that is broken for everything', () => {
  test.each([
    [401, 5],
    [403, 5],
    [507, 4],
  ])(
    'with %d stops the run, the rest is not attempted, and the next run takes it up',
    async (status, exitCode) => {
      const { run, server, of, records } = await startBulkBench();
      const dir = await folderOf(...names(20));
      server.script.POST = Array.from({ length: 20 }, () => ({ answer: status }));
      const outcome = await run(dir, { run: { jobs: 2 } });
      expect(outcome.exitCode).toBe(exitCode);
      expect(outcome.failed).toBeLessThanOrEqual(4);
      expect(outcome.notAttempted).toBe(20 - outcome.failed);
      expect(of('run.stopped')).toMatchObject([{ message: expect.stringContaining(`(${status})`) }]);
      expect(await records()).toHaveLength(outcome.failed);
      server.script.POST = [];
      expect(await run(dir)).toMatchObject({ exitCode: 0, done: 20 });
    },
  );

  test.each([
    [403, 5],
    [507, 4],
  ])(
    'with %d to each last chunk stops the run too, although HEAD is asked after it',
    async (status, exitCode) => {
      const { run, server, of } = await startBulkBench();
      const dir = await folderOf(...names(12));
      server.script.PATCH = Array.from({ length: 12 }, () => ({ answer: status }));
      const upload = { protocol: 'tus', server: new URL(`${server.url}/uploads`) };
      const outcome = await run(dir, { upload, run: { jobs: 1 } });
      expect(server.lines().at(-1)).toMatch(/^HEAD /);
      expect(outcome).toEqual({ exitCode, done: 0, failed: 3, notAttempted: 9 });
      expect(of('run.stopped')).toMatchObject([{ message: expect.stringContaining(`(${status})`) }]);
    },
  );

  test('with 403 stops the run too, although what it left there is removed after each (--abort-on-failure)', async () => {
    const { run, server } = await startBulkBench();
    const dir = await folderOf(...names(12));
    server.script.PATCH = Array.from({ length: 12 }, () => ({ answer: 403 }));
    server.script.DELETE = Array.from({ length: 12 }, () => ({ answer: 204 }));
    server.script.HEAD = Array.from({ length: 12 }, () => [{ first: () => {} }, { answer: 404 }]).flat();
    const upload = { abortOnFailure: true, token: 's3cret' };
    const outcome = await run(dir, { upload, run: { jobs: 1 } });
    expect(server.lines().at(-1)).toMatch(/^HEAD /);
    expect(outcome).toEqual({ exitCode: 5, done: 0, failed: 3, notAttempted: 9 });
  });

  test.each<[number, string, string | undefined]>([
    [301, 'https://new.example/uploads', 'https://new.example/'],
    [302, 'https://new.example/v2/uploads', 'https://new.example/v2'],
    [308, 'https://new.example/uploads#here', 'https://new.example/'],
    [302, 'https://sso.example/login?next=/uploads', undefined],
    [303, 'https://user:pass@new.example/uploads', undefined],
  ])('with %d to %s stops the run, and where it leads is told', async (answer, location, to) => {
    const { run, server, of } = await startBulkBench();
    const dir = await folderOf(...names(12));
    server.script.POST = Array.from({ length: 12 }, () => ({ answer, headers: { Location: location } }));
    const { redirected, ...outcome } = await run(dir, { run: { jobs: 1 } });
    expect(outcome).toEqual({ exitCode: 6, done: 0, failed: 3, notAttempted: 9 });
    expect(redirected?.to?.href).toBe(to);
    expect(of('run.stopped')).toMatchObject([
      {
        message: expect.stringContaining(`(${answer})`),
        hint: expect.stringContaining(to === undefined ? '--server' : `--server ${to}`),
      },
    ]);
    server.script.POST = [];
    const { redirected: none, ...next } = await run(dir);
    expect([none, next]).toMatchObject([undefined, { exitCode: 0, done: 12 }]);
  });

  test.each([429, 503])(
    'with %d asks for an hour of peace: the run stops, and no file fails that was not tried',
    async (status) => {
      const { run, server, of, clock } = await startBulkBench();
      const dir = await folderOf(...names(20));
      server.script.POST = [{ first: () => {} }, { answer: status, headers: { 'Retry-After': '3600' } }];
      const upload = { protocol: 'auto' };
      const outcome = await run(dir, { upload, run: { jobs: 1 } });
      expect(outcome).toEqual({ exitCode: 4, done: 1, failed: 1, notAttempted: 18 });
      expect(of('run.stopped')).toMatchObject([
        { message: expect.stringMatching(/left alone for another 3(600|5\d\d) s/) },
      ]);
      expect(clock.pausesMs).toEqual([]);
      await clock.sleep(3_600_000);
      expect(await run(dir, { upload })).toMatchObject({ exitCode: 0, done: 19 });
    },
  );

  test('is not told from files that are refused now and then', async () => {
    const { run, server } = await startBulkBench();
    const dir = await folderOf(...names(9));
    const pass = { first: () => {} };
    const refuse = { answer: 403 };
    server.script.POST = [refuse, refuse, pass, refuse, refuse, pass, refuse, { answer: 401 }, refuse];
    expect(await run(dir, { run: { jobs: 1 } })).toMatchObject({ done: 2, failed: 7, notAttempted: 0 });
  });

  test('is waited for with a file that is another one by then: the ledger has the state that was sent', async () => {
    const { run, server, records } = await startBulkBench();
    const dir = await folderOf('a');
    const file = join(dir, 'a');
    const before = await stat(file);
    const replace = (response: ServerResponse) => {
      writeFileSync(`${file}.new`, 'another one');
      renameSync(`${file}.new`, file);
      response.writeHead(503).end();
    };
    const busy = Array.from({ length: 8 }, () => ({ answer: 503 }));
    server.script.POST = [...busy, { write: replace }, ...busy];
    expect(await run(dir)).toMatchObject({ exitCode: 0, done: 1 });
    expect(await records()).toMatchObject([
      { status: 'done', sizeBytes: 11, mtime: isoTime((await stat(file, { bigint: true })).mtimeNs) },
    ]);
    expect(await run(dir)).toMatchObject({ exitCode: 0, done: 0 });
    // What was there before was never sent.
    await writeFile(file, 'x'.repeat(before.size));
    await utimes(file, before.atime, before.mtime);
    expect(await run(dir)).toMatchObject({ exitCode: 0, done: 1 });
  });

  test('behind a proxy that answers 503 is waited for, and no file failed', async () => {
    const { run, server, of, clock } = await startBulkBench();
    const dir = await folderOf(...names(8));
    // Each file spends its four tries several times.
    server.script.POST = Array.from({ length: 60 }, () => ({ answer: 503 }));
    expect(await run(dir, { run: { jobs: 2 } })).toMatchObject({ exitCode: 0, done: 8, failed: 0 });
    expect(of('outage.start')).toHaveLength(1);
    expect(of('outage.end')).toHaveLength(1);
    expect(Math.max(...clock.pausesMs)).toBeGreaterThan(8_000);
    // A file that is tried again goes on: it starts once.
    expect(
      of('upload.start')
        .map(({ file }) => basename(file))
        .toSorted(),
    ).toEqual(names(8));
  });

  test.each(['pulse', 'auto'])(
    'behind a proxy that answers 503 for too long stops the run (%s)',
    async (protocol) => {
      const { run, server, of } = await startBulkBench();
      const dir = await folderOf(...names(20));
      const unavailable = Array.from({ length: 2_000 }, () => ({ answer: 503 }));
      Object.assign(server.script, { POST: unavailable, GET: unavailable, OPTIONS: unavailable });
      const outcome = await run(dir, { run: { jobs: 3 }, upload: { protocol, maxOutageMs: 60_000 } });
      expect(outcome).toMatchObject({ exitCode: 4, done: 0, notAttempted: 20 - outcome.failed });
      expect(outcome.failed).toBeLessThanOrEqual(3);
      expect(of('run.stopped')).toMatchObject([{ message: expect.stringContaining('cannot be reached') }]);
    },
  );

  test('is not what a single file shows that is answered 503 while others pass', async () => {
    const { run, of, events } = await startBulkBench();
    const dir = await folderOf(...names(8));
    const transport = createTransport();
    let aFilePassed = () => {};
    const pass = new Promise<void>((resolve) => {
      aFilePassed = resolve;
    });
    let refused = 0;
    const outcome = await run(dir, {
      run: { jobs: 2 },
      tools: {
        report: (event) => {
          events.push(event);
          if (event.type === 'upload.done') aFilePassed();
        },
        send: async (request, conditions) => {
          const name = Buffer.from('00.mp4').toString('base64');
          if (!request.headers['Upload-Metadata']?.includes(name)) return transport.send(request, conditions);
          refused += 1;
          // The four tries of its first attempt come before, those of its second one after a file that passes.
          if (refused > 4) await pass;
          return { kind: 'answer', status: 503, headers: {}, body: new Uint8Array(0) };
        },
      },
    });
    await transport.close();
    expect(outcome).toMatchObject({ exitCode: 4, done: 7, failed: 1, notAttempted: 0 });
    expect(of('run.stopped')).toEqual([]);
  });

  test('twice for a moment, with a long file that goes on well in between, is two outages and not one', async () => {
    const { run, server, of, clock } = await startBulkBench();
    const dir = await folderOf(['long.mp4', 'x'.repeat(40)]);
    const blip = Array(4).fill({ answer: 502 });
    const for20Minutes = { first: () => clock.sleep(20 * 60_000) };
    server.script.PATCH = [...blip, for20Minutes, ...blip];
    const outcome = await run(dir, { upload: { chunkBytes: 10 } });
    expect(outcome).toEqual({ exitCode: 0, done: 1, failed: 0, notAttempted: 0 });
    expect(of('outage.start')).toHaveLength(2);
    expect(of('outage.end').map(({ elapsedMs }) => elapsedMs < 60 * 60_000)).toEqual([true, true]);
  });

  test('for a file once more, long after it went on and others passed, is waited for as the first time', async () => {
    const { run, of, events } = await startBulkBench();
    const dir = await folderOf(['00.mp4', 'x'.repeat(20)], ...names(8).slice(1));
    const transport = createTransport();
    let aFilePassed = () => {};
    const pass = new Promise<void>((resolve) => {
      aFilePassed = resolve;
    });
    const badGateway = { kind: 'answer', status: 502, headers: {}, body: new Uint8Array(0) } as const;
    let own = '';
    let answered = 0;
    const outcome = await run(dir, {
      run: { jobs: 2 },
      upload: { chunkBytes: 10 },
      tools: {
        report: (event) => {
          events.push(event);
          if (event.type === 'upload.created' && basename(event.file) === '00.mp4') own = event.url;
          if (event.type === 'upload.done') aFilePassed();
        },
        send: async (request, conditions) => {
          if (request.method !== 'PATCH' || request.url.href !== own)
            return transport.send(request, conditions);
          answered += 1;
          // Its four tries, its first chunk, and the four tries of its second one.
          if (answered === 6) await pass;
          return answered === 5 || answered > 9 ? transport.send(request, conditions) : badGateway;
        },
      },
    });
    await transport.close();
    expect(of('upload.failed')).toEqual([]);
    expect(outcome).toEqual({ exitCode: 0, done: 8, failed: 0, notAttempted: 0 });
    expect(answered).toBe(10);
  });

  const reset = { write: (res: ServerResponse) => res.socket?.resetAndDestroy() };
  const dead: readonly (readonly [string, string, ScriptedServer['script'][string][number]])[] = [
    ['resets every connection', 'pulse', reset],
    ['resets every connection', 'auto', reset],
    ['answers nobody', 'pulse', { stall: true }],
    ['answers nobody', 'auto', { stall: true }],
  ];
  const deadFor = (step: (typeof dead)[number][2], requests: number) => {
    const steps = Array(requests).fill(step);
    return { POST: [...steps], GET: [...steps], HEAD: [...steps], OPTIONS: [...steps] };
  };

  test.each(dead)(
    'that accepts connections and %s is waited for, and then stops the run (%s)',
    async (_, protocol, step) => {
      const { run, server, of, clock } = await startBulkBench();
      const dir = await folderOf(...names(20));
      Object.assign(server.script, deadFor(step, 2_000));
      const upload = { protocol, maxOutageMs: 30_000, timeoutMs: 50 };
      const outcome = await run(dir, { run: { jobs: 3 }, upload });
      expect(outcome).toMatchObject({ exitCode: 4, done: 0, notAttempted: 20 - outcome.failed });
      expect(outcome.failed).toBeLessThanOrEqual(5);
      expect(of('outage.start')).toHaveLength(1);
      expect(of('run.stopped')).toMatchObject([{ message: expect.stringContaining('cannot be reached') }]);
      expect(clock.pausesMs.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(25_000);
    },
  );

  test('that resets connections for a while is waited for from the first question on, and no file failed', async () => {
    const { run, server, of } = await startBulkBench();
    const dir = await folderOf(...names(8));
    server.script.GET = Array(10).fill(reset);
    const outcome = await run(dir, { run: { jobs: 2 }, upload: { protocol: 'auto' } });
    expect(outcome).toEqual({ exitCode: 0, done: 8, failed: 0, notAttempted: 0 });
    expect([of('outage.start').length, of('outage.end').length]).toEqual([1, 1]);
  });

  test.each([['POST'], ['PATCH']])(
    'is not what two files in a row show whose every %s is reset: they fail at once, and the run goes on',
    async (method) => {
      const { run, of, events, clock } = await startBulkBench();
      const dir = await folderOf(...names(8));
      const transport = createTransport();
      const bad = new Set<string>();
      const outcome = await run(dir, {
        run: { jobs: 1 },
        tools: {
          report: (event) => {
            events.push(event);
            if (event.type === 'upload.created' && /0[0145]\.mp4$/.test(event.file)) bad.add(event.url);
          },
          send: async (request, conditions) => {
            const named = Buffer.from(request.headers['Upload-Metadata'] ?? '').toString();
            const isBad = ['00', '01', '04', '05'].some((stem) =>
              named.includes(Buffer.from(`${stem}.mp4`).toString('base64')),
            );
            if (request.method !== method || !(isBad || bad.has(request.url.href)))
              return transport.send(request, conditions);
            return { kind: 'break', cause: 'reset', detail: 'connection reset', delivered: true };
          },
        },
      });
      await transport.close();
      expect(outcome).toEqual({ exitCode: 4, done: 4, failed: 4, notAttempted: 0 });
      expect([...of('run.stopped'), ...of('outage.start')]).toEqual([]);
      expect(Math.max(...clock.pausesMs)).toBeLessThan(2_000);
    },
  );

  test.each(['pulse', 'tus', 'auto'])(
    'that cannot be reached for longer than it may stops the run, and no file is to blame for more than it was tried (%s)',
    async (protocol) => {
      const { run, server, of, clock } = await startBulkBench();
      const dir = await folderOf(...names(20));
      await server.close();
      const outcome = await run(dir, { upload: { protocol, maxOutageMs: 60_000 }, run: { jobs: 3 } });
      expect(outcome).toMatchObject({ exitCode: 4, done: 0, notAttempted: 20 - outcome.failed });
      expect(outcome.failed).toBeLessThanOrEqual(3);
      expect(of('run.stopped')).toMatchObject([{ message: expect.stringContaining('cannot be reached') }]);
      expect(clock.pausesMs.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(50_000);
    },
  );
});

describe('a run stops', () => {
  test('after --max-failures, once what is under way has ended', async () => {
    const { run, server, of } = await startBulkBench();
    const dir = await folderOf(...names(20));
    server.script.POST = Array.from({ length: 20 }, () => ({ answer: 400 }));
    const outcome = await run(dir, { run: { jobs: 2, maxFailures: 4 } });
    expect(outcome).toMatchObject({ exitCode: 5, done: 0, notAttempted: 20 - outcome.failed });
    expect([4, 5]).toContain(outcome.failed);
    expect(of('run.stopped')).toHaveLength(1);
  });

  test('with --fail-fast at the first failure, and interrupts the others', async () => {
    const { run, server, of, records } = await startBulkBench();
    const dir = await folderOf(...names(20));
    server.script.POST = [{ first: () => {} }, { answer: 400 }];
    server.script.PATCH = [{ stall: true }];
    const outcome = await run(dir, { run: { jobs: 2, failFast: true } });
    expect(outcome).toMatchObject({ exitCode: 5, failed: 2, notAttempted: 18 });
    expect(of('upload.failed').map(({ kind }) => kind)).toEqual(['refused', 'interrupted']);
    expect((await records()).map(({ kind }) => kind)).toEqual(['refused']);
  });

  test('when its time is up: temporary, and what is under way goes on with the next run', async () => {
    const { run, server, of } = await startBulkBench();
    const dir = await folderOf(...names(4));
    let isOver = () => {};
    const over = new Promise<void>((resolve) => {
      isOver = resolve;
    });
    const never = new Promise<void>(() => {});
    server.script.PATCH = [
      {
        first: () => {
          isOver();
          return never;
        },
      },
    ];
    const clock = {
      nowMs: () => Date.now(),
      dateMs: () => Date.now(),
      sleep: async (ms: number) => (ms === 77_000 ? over : undefined),
    };
    const outcome = await run(dir, { run: { jobs: 1, maxDurationMs: 77_000 }, tools: { clock } });
    expect(outcome).toMatchObject({ exitCode: 4, done: 0, failed: 1, notAttempted: 3 });
    expect(of('run.stopped')).toMatchObject([{ message: expect.stringContaining('--max-duration') }]);
    expect(await run(dir)).toMatchObject({ exitCode: 0, done: 4 });
    expect(of('upload.resumed')).toHaveLength(1);
  });

  test('when it is interrupted: no outcome is recorded of what was under way', async () => {
    const { run, server, records } = await startBulkBench();
    const dir = await folderOf(...names(10));
    const controller = new AbortController();
    server.script.PATCH = [{ first: () => {} }, { first: () => controller.abort() }];
    const outcome = await run(dir, { run: { jobs: 1 }, tools: { signal: controller.signal } });
    expect(outcome).toMatchObject({ exitCode: 130, done: 1, failed: 1, notAttempted: 8 });
    expect(await records()).toHaveLength(1);
  });

  test('not, because a folder vanished meanwhile: those files fail', async () => {
    const { run, server } = await startBulkBench();
    const dir = await folderOf(...names(3));
    server.script.PATCH = [{ first: () => rm(join(dir, '02.mp4')) }];
    expect(await run(dir, { run: { jobs: 1 } })).toMatchObject({ exitCode: 3, done: 2, failed: 1 });
  });

  test('and forgets as old neither what it tried nor what is left for the next run', async () => {
    const { run, server, of, ledger } = await startBulkBench();
    const dir = await folderOf(...names(2));
    server.script.PATCH = [{ answer: 403 }, { answer: 403 }];
    await run(dir);
    const state = join(dirname(ledger), 'state');
    const then = openStateStore(state, () => new Date(Date.now() - 31 * 24 * 60 * 60_000));
    for (const { record } of await keptUploads(state, Date.now())) await then.write(record);
    server.script.HEAD = [{ answer: 403 }];
    const stopped = await run(dir, { run: { jobs: 1, maxFailures: 1 } });
    expect(stopped).toMatchObject({ exitCode: 5, done: 0, failed: 1, notAttempted: 1 });
    expect(of('upload.pruned')).toEqual([]);
    expect(await keptUploads(state, Date.now())).toHaveLength(2);

    // What it tried is not old for a run of other files either.
    await run(await folderOf('other.mp4'));
    expect(of('upload.pruned')).toMatchObject([{ file: join(dir, '01.mp4') }]);
  });

  test('and what failed is not old, although the clock was set forward in the midst of the run', async () => {
    const { run, server, ledger } = await startBulkBench();
    const DAY_MS = 24 * 60 * 60_000;
    const state = join(dirname(ledger), 'state');
    const copy = join(state, 'spool', 'x', 'take.mp4');
    await mkdir(dirname(copy), { recursive: true });
    await writeFile(copy, 'all there is');
    const then = (Date.now() - 40 * DAY_MS) / 1000;
    await utimes(dirname(copy), then, then);
    let behindMs = 40 * DAY_MS;
    const clock = { ...quickClock(), dateMs: () => Date.now() - behindMs };
    const store = openStateStore(state, () => new Date(clock.dateMs()));
    const report = ({ type }: PulseEvent) => {
      if (type === 'upload.start') behindMs = 0;
    };
    server.script.POST = [{ answer: 401 }];
    const outcome = await run(dirname(copy), { tools: { clock, store, report } });
    expect(outcome).toMatchObject({ exitCode: 5, failed: 1 });
    for (const days of [2, 29]) await store.prune(Date.now() + days * DAY_MS);
    expect(await readdir(join(state, 'spool'))).toEqual(['x']);
  });
});
