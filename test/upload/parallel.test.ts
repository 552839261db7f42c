import { appendFile, open, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Fault } from '../../fixtures/proxies/fault-proxy.ts';
import { tus } from '../../src/protocol/protocols/tus.ts';
import { concatenation } from '../../src/server/extensions/concatenation.ts';
import { termination } from '../../src/server/extensions/termination.ts';
import { createRunTools } from '../../src/upload/host/host.ts';
import { split } from '../../src/upload/parts/parts.ts';
import { defaultSettings } from '../../src/upload/settings.ts';
import { openSource, type Source } from '../../src/upload/source/source.ts';
import { uploadSource } from '../../src/upload/upload-file.ts';
import { plainTus, startBench } from './harness.ts';
import { type ReferenceBench, startReferenceBench } from './reference.ts';

const CHUNK = 64 * 1024;
const inThree = { protocol: 'tus', parallel: 3, chunkBytes: CHUNK, readBack: true, retries: 2 } as const;
const KEY = { protocol: 'tus' };

const joining = () => startReferenceBench({ protocol: 'tus', extensions: [concatenation(), termination] });

/** Requests of this method, as the proxy saw them, from the nth on. */
const seen = (bench: ReferenceBench, method: string, from = 0) =>
  bench.proxy.log.slice(from).filter((request) => request.method === method);

const concats = (bench: ReferenceBench, from = 0) =>
  seen(bench, 'POST', from).map(({ headers }) => String(headers['upload-concat']).split(';')[0]);

async function recordOf(bench: ReferenceBench, file: string) {
  const server = new URL(bench.proxy.url).href;
  return bench.store.read({ ...KEY, server, path: file }, () => undefined);
}

/** From the nth PATCH on nothing goes through any more. */
const downFrom = (nth: number): Fault => ({
  on: { method: 'PATCH', nth, times: 1000 },
  do: 'answer',
  status: 500,
});

describe('a file is split', () => {
  it('without a gap or an overlap, along its chunks, into parts of nearly one size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e9 }),
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: 1, max: 16 }),
        (sizeBytes, chunkBytes, count) => {
          const parts = split(sizeBytes, chunkBytes, count);
          expect(parts.length).toBe(Math.min(count, Math.ceil(sizeBytes / chunkBytes)));
          let at = 0;
          for (const { fromBytes, endBytes } of parts) {
            expect(fromBytes).toBe(at);
            expect(fromBytes % chunkBytes).toBe(0);
            expect(endBytes).toBeGreaterThan(fromBytes);
            at = endBytes;
          }
          expect(at).toBe(sizeBytes);
          const chunks = parts.map(({ fromBytes, endBytes }) =>
            Math.ceil((endBytes - fromBytes) / chunkBytes),
          );
          expect(Math.max(0, ...chunks) - Math.min(Number.POSITIVE_INFINITY, ...chunks)).toBeLessThanOrEqual(
            1,
          );
        },
      ),
    );
  });
});

describe('--parallel', () => {
  it('sends the parts side by side, joins them in their order, and reads the whole back', async () => {
    const bench = await joining();
    // None of the first three chunks goes through before all of them are under way.
    const together = () =>
      vi.waitFor(() => expect(seen(bench, 'PATCH').length).toBeGreaterThanOrEqual(3), { timeout: 10_000 });
    bench.proxy.setFaults([{ on: { method: 'PATCH', nth: 1, times: 3 }, do: 'meanwhile', run: together }]);
    const file = await bench.file(7 * CHUNK + 5);
    expect((await bench.upload(file, { ...inThree, metadata: { camera: '7' } })).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([
      { sizeBytes: 7 * CHUNK + 5, proven: true, proof: 'read-back', sentBytes: 7 * CHUNK + 5, retries: 0 },
    ]);
    expect(concats(bench)).toEqual(['partial', 'partial', 'partial', 'final']);
    const metadata = seen(bench, 'POST').map(({ headers }) => headers['upload-metadata']);
    expect(metadata.slice(0, 3)).toEqual([undefined, undefined, undefined]);
    expect(metadata[3]).toMatch(/camera Nw==/);
    expect(bench.of('upload.created')).toHaveLength(1);
    const accepted = bench.of('upload.progress').map((event) => event.acceptedBytes);
    expect(accepted).toEqual(accepted.toSorted((a, b) => a - b));
    expect(accepted.at(-1)).toBe(7 * CHUNK + 5);
    expect(await recordOf(bench, file)).toBeUndefined();
  });

  it('has the URL of every part on disk before its first byte is sent', async () => {
    const bench = await joining();
    const file = await bench.file(6 * CHUNK);
    const unknown: string[] = [];
    const look = async () => {
      const stored = JSON.stringify(await recordOf(bench, file));
      unknown.push(...seen(bench, 'PATCH').flatMap(({ path }) => (stored.includes(path) ? [] : [path])));
    };
    bench.proxy.setFaults([{ on: { method: 'PATCH', nth: 1, times: 6 }, do: 'meanwhile', run: look }]);
    expect((await bench.upload(file, inThree)).exitCode).toBe(0);
    expect(seen(bench, 'PATCH')).toHaveLength(6);
    expect(unknown).toEqual([]);
  });

  it('is complete, but not proven, where nothing is read back', async () => {
    const bench = await joining();
    const file = await bench.file(3 * CHUNK);
    expect((await bench.upload(file, { ...inThree, readBack: false })).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: false }]);
    const asked = { ...inThree, requireProof: true };
    expect((await bench.upload(file, { ...asked, readBack: false })).exitCode).toBe(8);
    const writes = () => seen(bench, 'PATCH').length + seen(bench, 'POST').length;
    const before = writes();
    expect((await bench.upload(file, asked)).exitCode).toBe(0);
    expect(writes()).toBe(before);
  });

  it.each([
    [0, []],
    [CHUNK, []],
    [CHUNK + 1, ['partial', 'partial', 'final']],
  ])('makes of %i bytes no more parts than there are chunks', async (sizeBytes, parts) => {
    const bench = await joining();
    expect((await bench.upload(await bench.file(sizeBytes), inThree)).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
    expect(concats(bench).filter((kind) => kind !== 'undefined')).toEqual(parts);
  });

  it.each([
    ['tus', 'does not offer concatenation'],
    ['pulse', 'no uploads in parts'],
  ])('that cannot be had from a %s server is exit 5, and nothing is sent', async (protocol, why) => {
    const bench = await startReferenceBench({ protocol: protocol as 'tus', extensions: [] });
    expect((await bench.upload(await bench.file(10), { ...inThree, protocol })).exitCode).toBe(5);
    expect(bench.of('upload.failed')).toMatchObject([
      { kind: 'refused', message: expect.stringContaining(why) },
    ]);
    expect(seen(bench, 'POST')).toEqual([]);
  });

  it('sends nothing where two parts are given one and the same upload: exit 6', async () => {
    let first: string | undefined;
    const location = (id: string) => {
      first ??= id;
      return `/uploads/${first}`;
    };
    const bench = await startBench({ location });
    const offer = { 'Tus-Version': '1.0.0', 'Tus-Extension': 'creation,concatenation' };
    bench.server.script.OPTIONS = [{ answer: 204, headers: offer }];
    const file = await bench.file(2 * CHUNK);
    const settings = { ...plainTus(bench), parallel: 2, chunkBytes: CHUNK };
    expect((await bench.upload(file, settings)).exitCode).toBe(6);
    expect(bench.of('upload.failed')).toMatchObject([
      {
        kind: 'protocol',
        message: expect.stringContaining('two parts of the file the same URL'),
        hint: expect.stringContaining('--no-resume'),
      },
    ]);
    expect(bench.server.lines().filter((line) => line.startsWith('PATCH'))).toEqual([]);
  });

  it('sends nothing that the file is not: what was rewritten for a while, with times set back, is exit 3', async () => {
    const bench = await joining();
    const file = await bench.file(9 * CHUNK);
    const content = await readFile(file);
    const times = new Date(1_000_000_000_000);
    await utimes(file, times, times);
    const write = (bytes: Uint8Array) => async () => {
      const handle = await open(file, 'r+');
      await handle.write(bytes, 0, bytes.byteLength, 2 * CHUNK);
      await handle.close();
      await utimes(file, times, times);
    };
    const hashed = () => new Promise((done) => setTimeout(done, 100));
    // The whole is hashed beside the first chunk of each part; the third one of the first part is read after that.
    let rewritten: Promise<void> | undefined;
    const rewrite = () => (rewritten ??= hashed().then(write(new Uint8Array(CHUNK))));
    bench.proxy.setFaults([
      { on: { method: 'PATCH', nth: 1, times: 2 }, do: 'meanwhile', run: rewrite },
      {
        on: { method: 'PATCH', nth: 9 },
        do: 'meanwhile',
        run: write(content.subarray(2 * CHUNK, 3 * CHUNK)),
      },
    ]);
    const settings = { ...inThree, parallel: 2, readBack: false };
    expect((await bench.upload(file, settings)).exitCode).toBe(3);
    expect(bench.of('upload.failed')).toMatchObject([{ kind: 'input', resumable: false }]);
    expect(await readFile(file)).toEqual(content);
    expect(concats(bench)).not.toContain('final');
  });

  it('ends all parts when one fails for good', async () => {
    const bench = await joining();
    bench.proxy.setFaults([{ on: { method: 'PATCH', nth: 2 }, do: 'answer', status: 403 }]);
    const file = await bench.file(30 * CHUNK);
    expect((await bench.upload(file, inThree)).exitCode).toBe(5);
    expect(bench.of('upload.failed')).toMatchObject([{ kind: 'refused', resumable: true }]);
    expect(seen(bench, 'PATCH').length).toBeLessThan(20);
  });
});

describe('parts of an earlier run', () => {
  async function brokenOff(bench: ReferenceBench, sizeBytes = 9 * CHUNK, nth = 5) {
    const file = await bench.file(sizeBytes);
    bench.proxy.setFaults([downFrom(nth)]);
    expect((await bench.upload(file, { ...inThree, retries: 0 })).exitCode).toBe(4);
    bench.proxy.setFaults([]);
    bench.events.length = 0;
    return { file, from: bench.proxy.log.length };
  }

  it('are gone on with, each where the server is, and no byte is sent twice', async () => {
    const bench = await joining();
    const { file, from } = await brokenOff(bench);
    expect((await recordOf(bench, file))?.parts).toHaveLength(3);
    expect((await bench.upload(file, inThree)).exitCode).toBe(0);
    expect(concats(bench, from)).toEqual(['final']);
    const [resumed] = bench.of('upload.resumed');
    const thereBytes = resumed?.offsetBytes ?? 0;
    expect(thereBytes).toBeGreaterThan(0);
    expect(bench.of('upload.resumed')).toHaveLength(1);
    expect(bench.of('upload.done')).toMatchObject([
      { proven: true, sentBytes: 9 * CHUNK - thereBytes, resumedFromBytes: thereBytes },
    ]);
  });

  it('are gone on with one after another where --parallel is not said again', async () => {
    const bench = await joining();
    const { file, from } = await brokenOff(bench);
    expect((await bench.upload(file, { ...inThree, parallel: 1 })).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
    const urls = seen(bench, 'PATCH', from).map(({ path }) => path);
    const changes = urls.filter((url, index) => url !== urls[index - 1]);
    expect(changes).toEqual([...new Set(urls)]);
  });

  it('of which the server lost one: only that is made anew', async () => {
    const bench = await joining();
    const { file, from } = await brokenOff(bench);
    const lost = (await recordOf(bench, file))?.parts?.[1]?.url ?? '';
    expect((await fetch(lost, { method: 'DELETE', headers: { 'Tus-Resumable': '1.0.0' } })).status).toBe(204);
    expect((await bench.upload(file, inThree)).exitCode).toBe(0);
    expect(concats(bench, from + 1)).toEqual(['partial', 'final']);
    expect(bench.of('upload.warning')).toMatchObject([
      { message: 'part 2 of 3: the server no longer has the upload; starting a new upload' },
    ]);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
  });

  it('of a file that has changed since are of no use', async () => {
    const bench = await joining();
    const { file, from } = await brokenOff(bench);
    await appendFile(file, 'more');
    expect((await bench.upload(file, inThree)).exitCode).toBe(0);
    expect(concats(bench, from)).toEqual(['partial', 'partial', 'partial', 'final']);
    expect(bench.of('upload.warning')[0]?.message).toContain('the file changed');
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sizeBytes: 9 * CHUNK + 4 }]);
  });

  it('are no obstacle where the server does not join parts any more', async () => {
    const bench = await joining();
    const { file } = await brokenOff(bench);
    bench.proxy.setFaults([{ on: { method: 'OPTIONS' }, do: 'answer', status: 404 }]);
    expect((await bench.upload(file, { ...inThree, parallel: 1 })).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
  });

  it('yield to an upload in one piece that was begun', async () => {
    const bench = await joining();
    const file = await bench.file(5 * CHUNK);
    bench.proxy.setFaults([downFrom(3)]);
    expect((await bench.upload(file, { ...inThree, parallel: 1, retries: 0 })).exitCode).toBe(4);
    bench.proxy.setFaults([]);
    expect((await bench.upload(file, inThree)).exitCode).toBe(0);
    expect(bench.of('upload.warning')[0]?.message).toContain('begun in one piece');
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: 3 * CHUNK }]);
  });
});

describe('the request that joins the parts', () => {
  // Three creations go before it, and three HEADs after them and three at the ends of the parts.
  const final: Fault['on'] = { method: 'POST', nth: 4 };

  it('is repeated when its answer was lost', async () => {
    const bench = await joining();
    bench.proxy.setFaults([{ on: final, do: 'swallow-response', by: 'rst' }]);
    expect((await bench.upload(await bench.file(3 * CHUNK), inThree)).exitCode).toBe(0);
    expect(concats(bench).slice(3)).toEqual(['final', 'final']);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, retries: 1 }]);
    expect(bench.of('upload.warning')).toMatchObject([{ message: heldTwice }]);
  });

  const heldTwice = expect.stringContaining('may hold the file a second time');

  it('is written down before it is sent: a run that follows one that was killed there says what may be', async () => {
    const bench = await joining();
    const file = await bench.file(3 * CHUNK);
    let atRequest: unknown;
    const look = async () => {
      atRequest = await recordOf(bench, file);
    };
    bench.proxy.setFaults([
      { on: final, do: 'meanwhile', run: look },
      { on: final, do: 'swallow-response', by: 'rst' },
    ]);
    expect((await bench.upload(file, { ...inThree, retries: 0 })).exitCode).toBe(4);
    expect(atRequest).toMatchObject({ joining: true });
    expect(await recordOf(bench, file)).toEqual({ ...(atRequest as object), savedAt: expect.anything() });
    expect(bench.of('upload.warning')).toEqual([]);
    expect((await bench.upload(file, inThree)).exitCode).toBe(0);
    expect(concats(bench).filter((kind) => kind === 'final')).toHaveLength(2);
    expect(bench.of('upload.warning')).toMatchObject([{ message: heldTwice }]);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: 0 }]);
  });

  it.each([
    [403, 5],
    [429, 4],
  ])(
    'that was refused (%i) joined nothing, and the next run has nothing to warn of',
    async (status, exitCode) => {
      const bench = await joining();
      const file = await bench.file(3 * CHUNK);
      bench.proxy.setFaults([{ on: { ...final, times: 3 }, do: 'answer', status }]);
      expect((await bench.upload(file, inThree)).exitCode).toBe(exitCode);
      bench.proxy.setFaults([]);
      expect((await bench.upload(file, inThree)).exitCode).toBe(0);
      expect(bench.of('upload.warning')).toEqual([]);
    },
  );

  it('whose answer was lost, and which is refused then, ends in doubt: exit 8', async () => {
    const bench = await joining();
    bench.proxy.setFaults([
      { on: final, do: 'swallow-response', by: 'rst' },
      { on: { method: 'POST', nth: 5 }, do: 'answer', status: 404 },
    ]);
    expect((await bench.upload(await bench.file(3 * CHUNK), inThree)).exitCode).toBe(8);
    expect(bench.of('upload.failed')).toMatchObject([
      { kind: 'unknown', message: expect.stringContaining('whether they were joined') },
    ]);
  });

  it('is not repeated by the next run once it was answered', async () => {
    const bench = await joining();
    const file = await bench.file(3 * CHUNK);
    expect((await bench.upload(file, { ...inThree, finalize: false })).exitCode).toBe(0);
    expect((await recordOf(bench, file))?.joinedUrl).toMatch(/^http/);
    const from = bench.proxy.log.length;
    expect((await bench.upload(file, inThree)).exitCode).toBe(0);
    expect(seen(bench, 'POST', from)).toEqual([]);
    expect(seen(bench, 'PATCH', from)).toEqual([]);
    expect(bench.of('upload.done').at(-1)).toMatchObject({ proven: true, sentBytes: 0 });
  });

  it('is not repeated either where nothing could be learned of the whole after its answer', async () => {
    const bench = await joining();
    const file = await bench.file(3 * CHUNK);
    const fail = async () =>
      bench.proxy.addFault({ on: { method: 'HEAD', nth: 1, times: 50 }, do: 'answer', status: 500 });
    bench.proxy.setFaults([{ on: final, do: 'meanwhile', run: fail }]);
    expect((await bench.upload(file, { ...inThree, retries: 0 })).exitCode).toBe(4);
    bench.proxy.setFaults([]);
    const from = bench.proxy.log.length;
    expect((await bench.upload(file, inThree)).exitCode).toBe(0);
    expect(seen(bench, 'POST', from)).toEqual([]);
    expect(bench.of('upload.warning')).toEqual([]);
  });

  it('is not repeated where a proxy strips what the whole is below, and the run ended before that was found', async () => {
    const bench = await joining();
    const file = await bench.file(3 * CHUNK);
    expect((await bench.upload(file, { ...inThree, finalize: false })).exitCode).toBe(0);
    const record = await recordOf(bench, file);
    if (record?.joinedUrl === undefined) throw new Error('nothing is remembered of the joining');
    const { prefix } = /^(?<prefix>\/.+)\//.exec(new URL(record.joinedUrl).pathname)?.groups ?? {};
    await bench.store.write({ ...record, joinedUrl: record.joinedUrl.replace(`${prefix}/`, '/') });
    const from = bench.proxy.log.length;
    expect((await bench.upload(file, inThree)).exitCode).toBe(0);
    expect(seen(bench, 'POST', from)).toEqual([]);
    expect(bench.of('upload.done').at(-1)).toMatchObject({ url: record.joinedUrl, proven: true });
  });

  it.each([
    ['leads elsewhere', { Location: 'http://127.0.0.2:1/files/1' }],
    ['leads nowhere', { Location: null }],
  ])(
    'whose answer %s is exit 6; joined they are all the same, and the next run says so',
    async (_, headers) => {
      const bench = await joining();
      const file = await bench.file(3 * CHUNK);
      bench.proxy.setFaults([{ on: { ...final, times: 2 }, do: 'alter-response', headers }]);
      expect((await bench.upload(file, inThree)).exitCode).toBe(6);
      expect((await recordOf(bench, file))?.joining).toBe(true);
      expect(bench.of('upload.warning')).toEqual([]);
      expect((await bench.upload(file, inThree)).exitCode).toBe(6);
      expect(bench.of('upload.warning')).toMatchObject([{ message: heldTwice }]);
      expect((await bench.upload(file, inThree)).exitCode).toBe(0);
      expect(concats(bench).slice(3)).toEqual(['final', 'final', 'final']);
      expect(bench.of('upload.warning')).toMatchObject(Array(2).fill({ message: heldTwice }));
    },
  );

  it('of an earlier run to another size is of no use, and forgotten', async () => {
    const bench = await joining();
    const file = await bench.file(3 * CHUNK);
    expect((await bench.upload(file, { ...inThree, finalize: false })).exitCode).toBe(0);
    bench.proxy.setFaults([
      { on: { method: 'HEAD', nth: 1 }, do: 'alter-response', headers: { 'upload-length': '5' } },
    ]);
    expect((await bench.upload(file, inThree)).exitCode).toBe(7);
    expect(await recordOf(bench, file)).toBeUndefined();
  });

  /** Alters the answer to the first HEAD after that request: how many come before it the parts decide among them. */
  function firstLook({ proxy }: ReferenceBench, headers: Readonly<Record<string, string | null>>): void {
    const alter = async () =>
      proxy.addFault({ on: { method: 'HEAD', nth: 1 }, do: 'alter-response', headers });
    proxy.setFaults([{ on: final, do: 'meanwhile', run: alter }]);
  }

  it('is believed only when HEAD says the size of the file', async () => {
    const bench = await joining();
    const file = await bench.file(3 * CHUNK);
    firstLook(bench, { 'upload-length': '5' });
    expect((await bench.upload(file, inThree)).exitCode).toBe(7);
    expect(bench.of('upload.failed')).toMatchObject([
      { kind: 'integrity', message: expect.stringContaining('joined the parts to 5 bytes') },
    ]);
    expect(await recordOf(bench, file)).toBeUndefined();
  });

  it('may take its time: as long as HEAD says no offset the parts are not joined', async () => {
    const bench = await joining();
    firstLook(bench, { 'upload-offset': null });
    expect((await bench.upload(await bench.file(3 * CHUNK), inThree)).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
    const joinAt = bench.proxy.log.findIndex(({ headers }) => headers['upload-concat']?.startsWith('final'));
    expect(seen(bench, 'HEAD', joinAt)).toHaveLength(2);
  });

  it('after which HEAD finds no whole ends in doubt: exit 8', async () => {
    const bench = await joining();
    const lose = async () =>
      bench.proxy.addFault({ on: { method: 'HEAD', nth: 1, times: 50 }, do: 'answer', status: 404 });
    bench.proxy.setFaults([{ on: final, do: 'meanwhile', run: lose }]);
    const file = await bench.file(3 * CHUNK);
    expect((await bench.upload(file, { ...inThree, retryDelayMs: 10 })).exitCode).toBe(8);
    expect(bench.of('upload.done')).toEqual([]);
    expect(bench.of('upload.failed')).toMatchObject([
      { kind: 'unknown', message: expect.stringContaining('HEAD does not find that') },
    ]);
    // Until somebody has seen it, another one may be the second.
    expect((await bench.upload(file, { ...inThree, retryDelayMs: 10 })).exitCode).toBe(8);
    bench.proxy.setFaults([]);
    expect((await bench.upload(file, { ...inThree, finalize: false })).exitCode).toBe(0);
    expect(concats(bench).slice(3)).toEqual(['final']);
    expect(await recordOf(bench, file)).not.toHaveProperty('joining');
  });

  const unproven = { ...inThree, readBack: false };

  it.each([
    ['waits for its proof', [[{ requireProof: true }, 8]]],
    ['was not to be finalized', [[{ finalize: false }, 0]]],
    ['was not seen yet', [[{ retries: 0 }, 4]]],
    [
      'was seen by the second run',
      [
        [{ retries: 0 }, 4],
        [{ finalize: false }, 0],
      ],
    ],
  ] as const)(
    'gave a whole that %s: a file that was rewritten under the same size and times is exit 3',
    async (_, runs) => {
      const bench = await joining();
      const file = await bench.file(3 * CHUNK);
      const { atime, mtime } = await stat(file);
      await utimes(file, atime, mtime);
      for (const [settings, exitCode] of runs) {
        const fail = async () =>
          bench.proxy.addFault({ on: { method: 'HEAD', nth: 1, times: 50 }, do: 'answer', status: 500 });
        bench.proxy.setFaults(exitCode === 4 ? [{ on: final, do: 'meanwhile', run: fail }] : []);
        expect((await bench.upload(file, { ...unproven, ...settings })).exitCode).toBe(exitCode);
      }
      bench.proxy.setFaults([]);
      bench.events.length = 0;
      const rewritten = (await readFile(file)).fill('x');
      await writeFile(file, rewritten);
      await utimes(file, atime, mtime);
      expect((await bench.upload(file, unproven)).exitCode).toBe(3);
      expect(bench.of('upload.done')).toEqual([]);
    },
  );

  it('is not sent where the file was rewritten under the same size and times before the whole was hashed: exit 3', async () => {
    const bench = await joining();
    const file = await bench.file(3 * CHUNK);
    const { atime, mtime } = await stat(file);
    await utimes(file, atime, mtime);
    const source = await openSource(file);
    onTestFinished(() => source.close());
    let looked = () => {};
    const isLookedAt = new Promise<void>((resolve) => {
      looked = resolve;
    });
    const areSent = async () => {
      await vi.waitFor(() => expect(seen(bench, 'PATCH')).toHaveLength(3), { timeout: 10_000 });
      await new Promise((done) => setTimeout(done, 100));
    };
    let rewriting: Promise<void> | undefined;
    const rewrite = async () => {
      // Whoever looks whether the file was touched does so before that, if before the whole is hashed.
      await Promise.race([isLookedAt, areSent()]);
      const handle = await open(file, 'r+');
      await handle.write(Buffer.alloc(CHUNK, 'x'), 0, CHUNK, 0);
      await handle.close();
      await utimes(file, atime, mtime);
    };
    const once = () => (rewriting ??= rewrite());
    const slow: Source = {
      ...source,
      read: async (target, offsetBytes) => {
        // Parts are read by the chunk.
        if (target.byteLength > CHUNK) await once();
        return source.read(target, offsetBytes);
      },
      isTouched: async () => {
        const isTouched = await source.isTouched();
        looked();
        return isTouched;
      },
    };
    const settings = { ...defaultSettings, ...unproven, server: new URL(bench.proxy.url) };
    await expect(
      uploadSource(slow, tus, settings, createRunTools(settings, bench.tools)),
    ).rejects.toMatchObject({
      message: expect.stringContaining('although its size and modification time are the same'),
    });
    expect(concats(bench)).not.toContain('final');
  });

  it('is repeated where the whole was seen and is gone again', async () => {
    const bench = await joining();
    const file = await bench.file(3 * CHUNK);
    expect((await bench.upload(file, { ...inThree, finalize: false })).exitCode).toBe(0);
    bench.proxy.setFaults([{ on: { method: 'HEAD', nth: 1, times: 6 }, do: 'answer', status: 404 }]);
    expect((await bench.upload(file, { ...inThree, retryDelayMs: 10 })).exitCode).toBe(0);
    expect(concats(bench).slice(3)).toContain('final');
    expect(bench.of('upload.warning')).toEqual([]);
  });

  it('that leads to another order of the parts is found by reading back: exit 7', async () => {
    const bench = await startReferenceBench({
      protocol: 'tus',
      extensions: [concatenation({ order: (ids) => ids.toReversed() })],
    });
    expect((await bench.upload(await bench.file(6 * CHUNK), inThree)).exitCode).toBe(7);
  });
});

it('whatever is cut, and however often a run breaks off, the file arrives whole', async () => {
  const bench = await joining();
  const cut = fc.record({
    method: fc.constantFrom('PATCH', 'PATCH', 'PATCH', 'POST', 'HEAD'),
    nth: fc.integer({ min: 1, max: 12 }),
    how: fc.constantFrom('cut', 'swallow', 'refuse'),
    afterBodyBytes: fc.integer({ min: 0, max: CHUNK }),
  });
  const plan = fc.record({
    sizeBytes: fc.integer({ min: 0, max: 8 * CHUNK }),
    parallel: fc.integer({ min: 2, max: 5 }),
    retries: fc.integer({ min: 0, max: 2 }),
    cuts: fc.array(cut, { minLength: 1, maxLength: 5 }),
  });
  let files = 0;
  await fc.assert(
    fc.asyncProperty(plan, async ({ sizeBytes, parallel, retries, cuts }) => {
      const file = await bench.file(sizeBytes, `${files++}.mp4`);
      bench.proxy.setFaults(
        cuts.map(({ method, nth, how, afterBodyBytes }): Fault => {
          const on = { method, nth };
          if (how === 'cut') return { on, do: 'cut-request', afterBodyBytes, by: 'fin' };
          return how === 'swallow'
            ? { on, do: 'swallow-response', by: 'rst' }
            : { on, do: 'answer', status: 503 };
        }),
      );
      bench.events.length = 0;
      for (let runs = 0; runs < 20 && bench.of('upload.done').length === 0; runs++)
        await bench.upload(file, { ...inThree, parallel, retries, retryDelayMs: 5 });
      expect(bench.of('upload.done')).toMatchObject([{ proven: true, sizeBytes }]);
    }),
    { numRuns: 15, seed: 11 },
  );
});

it('a token that the server put into the URLs of parts is not written down', async () => {
  const bench = await startBench();
  const token = 's3cret-t0ken';
  const options = { 'Tus-Version': '1.0.0', 'Tus-Extension': 'concatenation' };
  bench.server.script.OPTIONS = [{ answer: 204, headers: options }];
  const place = (id: string) => ({ answer: 201, headers: { Location: `/uploads/${id}?t=${token}` } });
  bench.server.script.POST = [place('a'), place('b')];
  const said = { headers: { 'Upload-Offset': '0', 'Upload-Length': String(CHUNK) }, answer: 200 };
  bench.server.script.HEAD = [said, said];
  bench.server.script.PATCH = [{ answer: 403 }, { answer: 403 }];
  const url = new URL(`${bench.server.url}/uploads`);
  const file = await bench.file(2 * CHUNK);
  await bench.upload(file, { ...inThree, parallel: 2, server: url, token });
  const [name] = (await readdir(`${bench.dir}/state`)).filter((entry) => entry.endsWith('.json'));
  const text = await readFile(`${bench.dir}/state/${name}`, 'utf8');
  expect(text).toContain('/uploads/a?t=');
  expect(text).not.toContain(token);
});
