import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Fault, startFaultProxy } from '../../fixtures/proxies/fault-proxy.ts';
import { creationDeferLength } from '../../src/server/extensions/creation-defer-length.ts';
import { freshFolder, payload } from '../server/harness.ts';
import { startBench } from './harness.ts';
import { inPieces, sendInput } from './input-bench.ts';
import { type ReferenceBench, startReferenceBench } from './reference.ts';

const KIB = 1024;
const CHUNK = 64 * KIB;
const small = { chunkBytes: CHUNK, readBack: true } as const;

async function tusBench(
  settings: Parameters<typeof startReferenceBench>[0] = {},
): Promise<ReferenceBench & { url: string }> {
  const bench = await startReferenceBench({
    protocol: 'tus',
    extensions: [creationDeferLength()],
    ...settings,
  });
  return { ...bench, url: bench.proxy.url };
}

function headersOf(bench: ReferenceBench, method: string, name: string): readonly (string | undefined)[] {
  return bench.proxy.log.filter((request) => request.method === method).map(({ headers }) => headers[name]);
}

/** Ends only when the first chunk has arrived: until then nobody can know the size. */
async function* endingLate(content: Uint8Array, patched: () => number) {
  yield content.subarray(0, CHUNK + 1);
  await vi.waitFor(() => expect(patched()).toBeGreaterThanOrEqual(1), { timeout: 10_000 });
  yield content.subarray(CHUNK + 1);
}

describe('an input of unknown size', () => {
  it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK, 3 * CHUNK + 5])(
    'of %i bytes arrives, and its size is told once',
    async (sizeBytes) => {
      const bench = await tusBench();
      const run = await sendInput(bench, inPieces(payload(sizeBytes), 10_000), {}, small);
      expect(run.outcome.exitCode).toBe(0);
      expect(run.of('upload.done')).toMatchObject([
        { file: '-', sizeBytes, proven: true, sentBytes: sizeBytes },
      ]);
      const told = [
        ...headersOf(bench, 'POST', 'upload-length'),
        ...headersOf(bench, 'PATCH', 'upload-length'),
      ];
      expect(told.filter((text) => text !== undefined)).toEqual([String(sizeBytes)]);
      expect(headersOf(bench, 'PATCH', 'upload-offset')).toHaveLength(Math.ceil(sizeBytes / CHUNK));
      // What ends within the first chunk is an ordinary upload.
      expect(headersOf(bench, 'POST', 'upload-defer-length')).toEqual([sizeBytes > CHUNK ? '1' : undefined]);
    },
  );

  it.each([1.5, 2, 3.5, 7])('of %f growing chunks tells its size with the last of them', async (chunks) => {
    const bench = await tusBench();
    const sizeBytes = chunks * CHUNK;
    const growing = { ...small, mostChunkBytes: 4 * CHUNK };
    const run = await sendInput(bench, inPieces(payload(sizeBytes), 10_000), {}, growing);
    expect(run.of('upload.failed')).toEqual([]);
    expect(run.of('upload.done')).toMatchObject([{ sizeBytes, proven: true, sentBytes: sizeBytes }]);
    const told = headersOf(bench, 'PATCH', 'upload-length').filter((text) => text !== undefined);
    expect(told).toEqual([String(sizeBytes)]);
  });

  it('is sent on in mid-chunk from what is in memory, whatever is cut, and its size is told once', async () => {
    const cut = fc.record({
      nth: fc.integer({ min: 1, max: 5 }),
      afterBodyBytes: fc.integer({ min: 0, max: CHUNK }),
    });
    const sizes = fc.record({
      sizeBytes: fc.integer({ min: 1, max: 5 * CHUNK }),
      pieceBytes: fc.integer({ min: 500, max: 2 * CHUNK }),
      cuts: fc.array(cut, { minLength: 1, maxLength: 3 }),
    });
    const bench = await tusBench();
    await fc.assert(
      fc.asyncProperty(sizes, async ({ sizeBytes, pieceBytes, cuts }) => {
        bench.proxy.setFaults(
          cuts.map(({ nth, afterBodyBytes }) => ({
            on: { method: 'PATCH', nth },
            do: 'cut-request',
            afterBodyBytes,
            by: 'fin',
          })),
        );
        const run = await sendInput(bench, inPieces(payload(sizeBytes), pieceBytes), {}, small);
        expect(run.of('upload.failed')).toEqual([]);
        expect(run.of('upload.done')).toMatchObject([{ sizeBytes, proven: true }]);
      }),
      { numRuns: 15, seed: 7 },
    );
  });

  it('is not told its size a second time once the server has it, for that is refused there (tusd)', async () => {
    const bench = await tusBench();
    // A server that is busy may not have looked at the broken chunk yet when it is asked how far it is.
    const knowsSize = async () => {
      const path = bench.proxy.log.findLast(({ method }) => method === 'PATCH')?.path ?? '';
      const asked = { method: 'HEAD', headers: { 'Tus-Resumable': '1.0.0' } };
      const told = async () => {
        const { headers } = await fetch(new URL(path, bench.server.url), asked);
        expect(headers.get('upload-length')).toBe(String(2 * CHUNK));
      };
      await vi.waitFor(told, { timeout: 20_000, interval: 20 });
    };
    bench.proxy.setFaults([
      { on: { method: 'PATCH', nth: 2 }, do: 'cut-request', afterBodyBytes: 1000, by: 'fin' },
      // The first HEAD follows the creation.
      { on: { method: 'HEAD', nth: 2 }, do: 'meanwhile', run: knowsSize },
    ]);
    const run = await sendInput(
      bench,
      endingLate(payload(2 * CHUNK), () => headersOf(bench, 'PATCH', 'upload-offset').length),
      {},
      small,
    );
    expect(run.of('upload.done')).toMatchObject([{ proven: true }]);
    const told = headersOf(bench, 'PATCH', 'upload-length');
    const [first, second, ...later] = told;
    expect([first, second]).toEqual([undefined, String(2 * CHUNK)]);
    // While the server is still at the broken chunk the rest may be refused at first.
    expect(new Set(later)).toEqual(new Set([undefined]));
    expect(headersOf(bench, 'PATCH', 'upload-offset').at(-1)).not.toBe(String(CHUNK));
  });

  it.each([false, true])(
    'is not said to be asked for again where it is not proven (--read-back: %s)',
    async (readBack) => {
      const bench = await tusBench();
      bench.proxy.setFaults([{ on: { method: 'GET' }, do: 'answer', status: 405 }]);
      const asked = { chunkBytes: CHUNK, requireProof: true, readBack };
      const run = await sendInput(bench, inPieces(payload(2 * CHUNK), CHUNK), {}, asked);
      expect(run.outcome.exitCode).toBe(8);
      expect(run.of('upload.failed')[0]?.hint).toMatch(/^without --require-proof this counts as done/);
    },
  );

  it('is told its size again where every byte arrived, but not that', async () => {
    const bench = await startBench();
    const open = { 'Upload-Length': undefined, 'Upload-Defer-Length': '1' };
    bench.server.script.OPTIONS = [
      { answer: 204, headers: { 'Tus-Version': '1.0.0', 'Tus-Extension': 'creation,creation-defer-length' } },
    ];
    bench.server.script.PATCH = [{ first: () => {} }, { loseAnswer: true }];
    bench.server.script.HEAD = [
      { patchHeaders: open },
      { patchHeaders: open },
      { patchHeaders: { 'Upload-Length': String(2 * CHUNK) } },
    ];
    const url = `${bench.server.url}/uploads`;
    const run = await sendInput(
      { ...bench, url },
      endingLate(
        payload(2 * CHUNK),
        () => bench.server.lines().filter((line) => line.startsWith('PATCH')).length,
      ),
      {},
      { chunkBytes: CHUNK },
    );
    expect(run.of('upload.failed')).toEqual([]);
    const patches = bench.server.seen.filter(({ method }) => method === 'PATCH');
    expect(patches.map(({ headers, body }) => [headers['upload-length'], body.byteLength])).toEqual([
      [undefined, CHUNK],
      [String(2 * CHUNK), CHUNK],
      [String(2 * CHUNK), 0],
    ]);
  });

  it.each([
    ['goes on waiting for it', 'Upload-Defer-Length', [CHUNK, CHUNK, 0, 0, 0, 0], 6],
    ['then says nothing of its length', 'X-Other', [CHUNK, CHUNK, 0], 0],
  ])(
    'is told its size, by itself, as often as there are tries, where a server that names no offsets %s',
    async (_, header, sizesBytes, exitCode) => {
      const bench = await startBench();
      bench.server.script.OPTIONS = [
        { answer: 204, headers: { 'Tus-Version': '1.0.0', 'Tus-Extension': 'creation-defer-length' } },
      ];
      bench.server.script.PATCH = Array(300).fill({ patchHeaders: { 'Upload-Offset': undefined } });
      const open = { patchHeaders: { 'Upload-Length': undefined, [header]: '1' } };
      bench.server.script.HEAD = Array(300).fill(open);
      const url = `${bench.server.url}/uploads`;
      const run = await sendInput({ ...bench, url }, [payload(2 * CHUNK)], {}, { chunkBytes: CHUNK });
      expect(run.outcome.exitCode).toBe(exitCode);
      const said = expect.stringContaining('its length is unknown');
      expect(run.of('upload.failed').map(({ message }) => message)).toEqual(exitCode === 0 ? [] : [said]);
      const patches = bench.server.seen.filter(({ method }) => method === 'PATCH');
      expect(patches.map(({ body }) => body.byteLength)).toEqual(sizesBytes);
    },
  );

  it('is no success where the server still waits for a size that it was told', async () => {
    const bench = await startBench();
    const open = { patchHeaders: { 'Upload-Length': undefined, 'Upload-Defer-Length': '1' } } as const;
    bench.server.script.OPTIONS = [
      { answer: 204, headers: { 'Tus-Version': '1.0.0', 'Tus-Extension': 'creation-defer-length' } },
    ];
    bench.server.script.HEAD = [open, open];
    const url = `${bench.server.url}/uploads`;
    const run = await sendInput({ ...bench, url }, [payload(2 * CHUNK)], {}, { chunkBytes: CHUNK });
    expect(run.of('upload.failed')).toMatchObject([
      { kind: 'protocol', message: expect.stringContaining('its length is unknown') },
    ]);
  });

  it.each([
    ['a tus server without creation-defer-length', { extensions: [] }, 'creation-defer-length', 'tus'],
    ['the pulse protocol', { protocol: 'pulse' }, 'this protocol', 'pulse'],
    ['protocol v1', { protocol: 'pulse-v1' }, 'this protocol', 'pulse-v1'],
  ] as const)('is not even read for %s', async (_, settings, why, protocol) => {
    const bench = await startReferenceBench({ protocol: 'tus', ...settings });
    const read: number[] = [];
    const pieces = (async function* () {
      for (const piece of inPieces(payload(CHUNK), 1000)) {
        read.push(piece.byteLength);
        yield piece;
      }
    })();
    const { url } = bench.proxy;
    const run = await sendInput({ url }, pieces, {}, { protocol, name: 'a.mp4' });
    expect(run.outcome.exitCode).toBe(5);
    const [failed] = run.of('upload.failed');
    expect(failed?.message).toContain(why);
    expect(failed?.hint).toMatch(/--size .*--spool/);
    expect(read).toEqual([]);
    expect(bench.lines().filter((line) => line.startsWith('POST'))).toEqual([]);
  });
});

it('arrives at @tus/server, which takes sizes that follow, whatever is cut', async () => {
  // A process of its own: Node 20 itself throws where a client hangs up at the end of a GET.
  const args = ['peers/servers/tus-node.js', '0', await freshFolder()];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const proxy = await startFaultProxy({ target: String(line).trim() });
  onTestFinished(() => proxy.close());
  for (const sizeBytes of [0, 3 * CHUNK, 3 * CHUNK + 7]) {
    const cut = (nth: number): Fault => ({
      on: { method: 'PATCH', nth },
      do: 'cut-request',
      afterBodyBytes: CHUNK / 2,
      by: 'rst',
    });
    proxy.setFaults([cut(1), cut(4)]);
    const run = await sendInput(proxy, inPieces(payload(sizeBytes), 10_000), {}, { ...small, retries: 10 });
    expect(run.of('upload.failed')).toEqual([]);
    expect(run.of('upload.done')).toMatchObject([{ sizeBytes, proven: true, proof: 'read-back' }]);
  }
});

describe('an input of known size', () => {
  it.each([
    ['tus', ''],
    ['pulse', ''],
    ['pulse-v1', ''],
  ])('goes to %s like a file', async (protocol) => {
    const bench = await startReferenceBench({ protocol: protocol as 'tus', extensions: [] });
    const { url } = bench.proxy;
    const sizeBytes = 2 * CHUNK;
    const run = await sendInput(
      { url },
      inPieces(payload(sizeBytes), 999),
      { sizeBytes },
      { ...small, protocol, name: 'a.mp4' },
    );
    expect(run.of('upload.done')).toMatchObject([{ sizeBytes, proven: true }]);
  });

  it.each([
    ['shorter', 3 * CHUNK - 1, 'ended after'],
    ['shorter than a chunk', 10, 'ended after'],
    ['longer', 3 * CHUNK + 1, 'holds more than'],
    ['much longer', 9 * CHUNK, 'holds more than'],
  ])('that turns out %s is exit 3, and never complete at the server', async (_, realBytes, words) => {
    const bench = await tusBench();
    const run = await sendInput(
      bench,
      inPieces(payload(realBytes), 5000),
      { sizeBytes: 3 * CHUNK },
      { chunkBytes: CHUNK },
    );
    expect(run.outcome.exitCode).toBe(3);
    expect(run.of('upload.failed')).toMatchObject([
      { kind: 'input', message: expect.stringContaining(words), resumable: false },
    ]);
    const acceptedBytes = Math.max(0, ...run.of('upload.progress').map((event) => event.acceptedBytes));
    expect(acceptedBytes).toBeLessThan(3 * CHUNK);
    expect(acceptedBytes % CHUNK).toBe(0);
  });

  it('of which the server loses what it had acknowledged is a clear failure', async () => {
    const bench = await startBench();
    const loseAll = () => {
      for (const upload of bench.server.uploads.values()) upload.data = Buffer.alloc(0);
    };
    bench.server.script.PATCH = [{ first: () => {} }, { first: () => {} }, { first: loseAll }];
    const sizeBytes = 4 * CHUNK;
    const run = await sendInput(
      { ...bench, url: bench.server.url },
      inPieces(payload(sizeBytes), 1000),
      { sizeBytes },
      { protocol: 'pulse', chunkBytes: CHUNK },
    );
    expect(run.of('upload.failed')).toMatchObject([
      {
        kind: 'protocol',
        message: expect.stringContaining('cannot be read twice'),
        hint: expect.stringContaining('--spool'),
      },
    ]);
    expect(bench.server.lines().filter((line) => line.startsWith('POST'))).toHaveLength(1);
  });
});

describe('an input that stands still', () => {
  it('is no network that stands still', async () => {
    const bench = await tusBench();
    const pieces = (async function* () {
      for (const piece of inPieces(payload(2 * CHUNK), CHUNK)) {
        await sleep(4_300);
        yield piece;
      }
    })();
    const run = await sendInput(bench, pieces, {}, { ...small, timeoutMs: 4_000 });
    expect(run.of('upload.retry')).toEqual([]);
    expect(run.of('upload.done')).toMatchObject([{ proven: true }]);
  });

  it('leaves nothing untold that the server has meanwhile', async () => {
    const bench = await tusBench();
    const told: number[] = [];
    const pieces = (async function* () {
      yield payload(2 * CHUNK + 1);
      await vi.waitFor(() => expect(told.at(-1)).toBe(2 * CHUNK), { timeout: 10_000 });
    })();
    const onEvent = (event: { type: string; acceptedBytes?: number }) => {
      if (event.type === 'upload.progress') told.push(event.acceptedBytes ?? 0);
    };
    const run = await sendInput({ ...bench, onEvent }, pieces, {}, small);
    expect(run.of('upload.failed')).toEqual([]);
    expect(run.of('upload.done')).toMatchObject([{ proven: true }]);
  });

  it('does not hold up the chunk that must be sent again', async () => {
    const bench = await tusBench();
    bench.proxy.setFaults([
      { on: { method: 'PATCH', nth: 1 }, do: 'cut-request', afterBodyBytes: 100, by: 'fin' },
    ]);
    const patched = () => headersOf(bench, 'PATCH', 'upload-offset').length;
    const content = payload(2 * CHUNK);
    const pieces = (async function* () {
      yield content.subarray(0, CHUNK + 1);
      await vi.waitFor(() => expect(patched()).toBeGreaterThanOrEqual(2), { timeout: 10_000 });
      yield content.subarray(CHUNK + 1);
    })();
    const run = await sendInput(bench, pieces, {}, small);
    expect(run.of('upload.done')).toMatchObject([{ proven: true }]);
  });

  it.each([0, 1])('ends with an interruption, after %i chunks', async (chunks) => {
    const bench = await tusBench();
    const stop = new AbortController();
    const patched = () => bench.lines().filter((line) => /^PATCH .* 204$/.test(line)).length;
    const pieces = (async function* () {
      yield payload(chunks * CHUNK + 1);
      await vi.waitFor(() => expect(patched()).toBe(chunks), { timeout: 10_000 });
      stop.abort();
      await new Promise(() => undefined);
    })();
    const run = await sendInput({ ...bench, signal: stop.signal }, pieces, {}, small);
    expect(run.outcome.exitCode).toBe(130);
    expect(run.of('upload.failed')).toMatchObject([{ kind: 'interrupted', resumable: false }]);
  });

  it.each([1, 1.5, 2, 2.5, 3, 6])(
    'that fails after %d chunks is exit 3, and no shorter file',
    async (chunks) => {
      const bench = await tusBench();
      const pieces = (async function* () {
        yield payload(chunks * CHUNK);
        throw Object.assign(new Error(), { code: 'EIO' });
      })();
      const run = await sendInput(bench, pieces, {}, small);
      expect(run.outcome.exitCode).toBe(3);
      expect(run.of('upload.failed')).toMatchObject([
        { kind: 'input', message: expect.stringContaining('standard input cannot be read') },
      ]);
    },
  );
});

it('what is read runs ahead of what the server has by four chunks at most', async () => {
  const bench = await tusBench();
  const accepted = () => bench.lines().filter((line) => /^PATCH .* 204$/.test(line)).length * CHUNK;
  let comeBytes = 0;
  let aheadBytes = 0;
  const pieces = (async function* () {
    for (const piece of inPieces(payload(20 * CHUNK), 4 * KIB)) {
      comeBytes += piece.byteLength;
      aheadBytes = Math.max(aheadBytes, comeBytes - accepted());
      yield piece;
    }
  })();
  bench.proxy.setFaults([{ on: { method: 'PATCH', nth: 3 }, do: 'delay', ms: 300 }]);
  const run = await sendInput(bench, pieces, {}, { chunkBytes: CHUNK });
  expect(run.outcome.exitCode).toBe(0);
  expect(aheadBytes).toBeGreaterThan(CHUNK);
  expect(aheadBytes).toBeLessThanOrEqual(4 * CHUNK);
});
