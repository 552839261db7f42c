import { offsetOf } from '../answers.ts';
import { Blocked } from '../check.ts';
import { smallerChunk } from '../chunk-size.ts';
import type { Payload } from '../payload.ts';
import type { Probe } from '../probe/probe.ts';
import type { Cut, RequestOptions } from '../probe/request.ts';
import type { Upload } from '../probe/uploads.ts';
import { integerBetween } from '../random.ts';
import { type Scenario, scenario } from '../scenario.ts';
import type { SeenBrokenUpload, SeenCut } from './seen-file.ts';
import { goingOnFrom } from './trial.ts';

/** Uploads whose connection breaks inside a chunk, resumed from where the server says. */

const MiB = 1024 * 1024;
const KiB = 1024;

/** One cut: in which chunk, after how many bytes of its body, and how the connection ends. */
interface PlannedCut extends Cut {
  readonly chunk: number;
}

interface BrokenFile {
  readonly sizeBytes: number;
  readonly chunkBytes: number;
  readonly cuts: readonly PlannedCut[];
}

const small = { sizeBytes: 192 * KiB, chunkBytes: 64 * KiB };

/** The cut of chunked-uploads users: 3 MiB, the second of three chunks ends after 400,000 bytes. */
export const cutInMidChunk = broken(
  'cut-in-mid-chunk',
  'closes the connection 400,000 bytes into the second of three chunks',
  {
    sizeBytes: 3 * MiB,
    chunkBytes: MiB,
    cuts: [{ chunk: 1, afterBytes: 400_000, by: 'close' }],
  },
);

export const cutByFin = broken('cut-by-fin', 'half-closes the connection in the middle of a chunk', {
  ...small,
  cuts: [{ chunk: 1, afterBytes: 25_000, by: 'fin' }],
});

export const cutByReset = broken('cut-by-reset', 'resets the connection in the middle of a chunk', {
  ...small,
  cuts: [{ chunk: 1, afterBytes: 25_000, by: 'reset' }],
});

export const cutAfterHead = broken('cut-after-head', 'closes the connection behind the head of a PATCH', {
  ...small,
  cuts: [{ chunk: 1, afterBytes: 0, by: 'close' }],
});

export const cutOneByteShort = broken(
  'cut-one-byte-short',
  'closes the connection one byte before the end of a chunk',
  {
    ...small,
    cuts: [{ chunk: 1, afterBytes: 64 * KiB - 1, by: 'close' }],
  },
);

export const cutFirstAndLast = broken(
  'cut-first-and-last',
  'closes the connection inside the first and inside the last chunk',
  {
    ...small,
    cuts: [
      { chunk: 0, afterBytes: 25_000, by: 'close' },
      { chunk: 2, afterBytes: 64 * KiB - 1, by: 'close' },
    ],
  },
);

export const lostAnswer = broken(
  'lost-answer',
  'sends each of six chunks whole and closes the connection without reading the answer',
  {
    sizeBytes: 384 * KiB,
    chunkBytes: 64 * KiB,
    // Whether the server sees the end of the chunk or the end of the connection first is a race. Of three rounds of it
    // one that is as documented won all, now and then, on a busy machine.
    cuts: [0, 1, 2, 3, 4, 5].map((chunk) => ({ chunk, afterBytes: 64 * KiB, by: 'close' })),
  },
);

export const repeatedCuts: Scenario<SeenBrokenUpload> = scenario({
  id: 'repeated-cuts',
  does: 'breaks an upload of 256 KiB six times at random points, in three ways, and a last time where it goes on at once',
  sendsBytes: 768 * KiB,
  run: async (probe) => {
    const file = probe.payload(256 * KiB);
    const upload = await probe.create(file.sizeBytes);
    const cuts: SeenCut[] = [];
    let offset = 0;
    for (const by of ['close', 'fin', 'reset', 'close', 'fin', 'reset'] as const) {
      const left = file.sizeBytes - offset;
      if (left < 2) break;
      const afterBytes = integerBetween(probe.random, 1, Math.min(left - 1, 48 * KiB));
      const seen = await cutAt(probe, upload, file, { from: offset, to: file.sizeBytes }, { afterBytes, by });
      cuts.push(seen);
      if (seen.after.bytes === undefined) break;
      offset = seen.after.bytes;
    }
    return resumedAtOnce(probe, upload, file, cuts, offset);
  },
});

export const cutInsideChunkedBody: Scenario<SeenBrokenUpload> = scenario({
  id: 'cut-inside-chunked-body',
  does: 'announces a chunk of 1 KiB by Transfer-Encoding, sends 512 bytes of it, and closes the connection',
  run: async (probe) => {
    const file = probe.payload(4 * KiB);
    const upload = await probe.create(file.sizeBytes);
    const sizeLine = '400\r\n'.length;
    const cut = { afterBytes: sizeLine + 512, by: 'close' as const };
    const seen = await cutAt(probe, upload, file, { from: 0, to: KiB }, cut, { chunked: [KiB] });
    return resumed(probe, upload, file, [{ ...seen, sentBytes: 512 }]);
  },
});

/** The rule of the Pulse Cam app: no HEAD, the same chunk again at the same offset after a second. */
export const cutThenSameChunk = scenario({
  id: 'cut-then-same-chunk',
  does: 'closes the connection in the middle of a chunk, waits, and repeats the chunk at the same offset without asking',
  sendsBytes: 400 * KiB,
  run: async (probe) => {
    const file = probe.payload(small.sizeBytes);
    const upload = await probe.create(file.sizeBytes);
    const start = small.chunkBytes;
    const first = await probe.patch(upload, 0, file.part(0, start));
    if (offsetOf(first) !== start) throw new Blocked('the first chunk was not taken', [first]);
    const chunk = file.part(start, 2 * start);
    const cut = await probe.patch(upload, start, chunk, { cut: { afterBytes: 25_000, by: 'close' } });
    await probe.pause(APP_RETRY_MS);
    const repeated = await probe.patch(upload, start, chunk);
    const finish = await probe.finish(upload, file);
    return { cut, repeated, finish, content: await probe.content(upload, file) };
  },
});

/** The pause of the app before it tries again. */
export const APP_RETRY_MS = 1000;

function broken(id: string, does: string, plan: BrokenFile): Scenario<SeenBrokenUpload> {
  return scenario({
    id,
    does: `${does}, resumes from where the server says, and reads the file back`,
    sendsBytes: 2 * plan.sizeBytes,
    run: async (probe) => {
      const file = probe.payload(plan.sizeBytes);
      const upload = await probe.create(file.sizeBytes);
      const cuts: SeenCut[] = [];
      for (const { chunk, ...cut } of plan.cuts) {
        const from = chunk * plan.chunkBytes;
        const chunkBytes = (await reach(probe, upload, file, from)) ?? plan.chunkBytes;
        const to = Math.min(from + chunkBytes, file.sizeBytes);
        const afterBytes = Math.floor((cut.afterBytes * chunkBytes) / plan.chunkBytes);
        cuts.push(await cutAt(probe, upload, file, { from, to }, { ...cut, afterBytes }));
      }
      return resumed(probe, upload, file, cuts);
    },
  });
}

/**
 * Brings the upload to that offset, as its set-up; a cut before may have left a lock. Returns what the server takes at a
 * time, where chunks turned out to be too long for it.
 */
async function reach(
  probe: Probe,
  upload: Upload,
  file: Payload,
  offset: number,
): Promise<number | undefined> {
  if (offset === 0) return undefined;
  const { trouble, exchanges } = await probe.finish(upload, file, { to: offset });
  if (trouble === undefined) {
    const smaller = exchanges.map((exchange) => smallerChunk(exchange, probe.target, exchanges));
    return smaller.findLast((sizeBytes) => sizeBytes !== undefined);
  }
  throw new Blocked(`the upload could not be brought to ${offset}: ${trouble}`, exchanges.slice(-1));
}

async function cutAt(
  probe: Probe,
  upload: Upload,
  file: Payload,
  { from, to }: { readonly from: number; readonly to: number },
  cut: Cut,
  options: RequestOptions = {},
): Promise<SeenCut> {
  const exchange = await probe.patch(upload, from, file.part(from, to), { ...options, cut });
  const sentBytes = exchange.sent.writtenBytes;
  const after = await probe.settle(upload, { from, bytes: sentBytes });
  return { beforeBytes: from, cut: exchange, sentBytes, after };
}

async function resumed(
  probe: Probe,
  upload: Upload,
  file: Payload,
  cuts: readonly SeenCut[],
): Promise<SeenBrokenUpload> {
  const last = cuts.at(-1)?.after;
  const finish = await probe.finish(upload, file, last === undefined ? {} : goingOnFrom(last));
  return { cuts, finish, content: await probe.content(upload, file) };
}

/** What a server still does with a broken chunk when its client is back already shows a little later. */
const LATE_MS = 1000;

/** Breaks it once more, and goes on without a pause, as clients do whose first retry waits for nothing. */
async function resumedAtOnce(
  probe: Probe,
  upload: Upload,
  file: Payload,
  cuts: readonly SeenCut[],
  offset: number,
): Promise<SeenBrokenUpload> {
  const left = file.sizeBytes - offset;
  if (left < 2 || cuts.at(-1)?.after.bytes === undefined) return resumed(probe, upload, file, cuts);
  const cut = { afterBytes: Math.floor(left / 2), by: 'close' as const };
  await probe.patch(upload, offset, file.part(offset, file.sizeBytes), { cut });
  const finish = await probe.finish(upload, file);
  await probe.pause(LATE_MS);
  return { cuts, finish, content: await probe.content(upload, file) };
}
