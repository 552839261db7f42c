import { createHash } from 'node:crypto';
import { isBusy } from '../answers.ts';
import type { Part, Payload } from '../payload.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import type { Content } from '../probe/content.ts';
import type { Finish } from '../probe/finish.ts';
import type { KnownOffset } from '../probe/offsets.ts';
import type { Probe } from '../probe/probe.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';

/** Requests that overlap in time. Races are run in several seeded rounds. */

const KiB = 1024;
const RACE_BYTES = 64 * KiB;

/** What the slowest correct server takes to hand over a lock. */
export const HEAD_BOUND_MS = 35_000;

export interface SeenRace {
  readonly answers: readonly Exchange[];
  readonly after: KnownOffset;
  readonly finish: Finish;
  readonly content: Content;
  /** What the file may be: the beginning of one of the contents, and the rest that was sent to finish it. */
  readonly candidates: readonly string[];
}

export const sameOffsetRace = scenario({
  id: 'same-offset-race',
  does: 'sends three different chunks at offset 0 at the same time, in several rounds',
  sendsBytes: 20 * RACE_BYTES,
  run: async (probe) => {
    const rounds: SeenRace[] = [];
    for (let round = 0; round < probe.rounds && isGoing(rounds); round++)
      rounds.push(await race(probe, round));
    return { rounds };
  },
});

/** What hangs in one round is a finding, and would take the time of all others as well. */
function isGoing(rounds: readonly Pick<SeenRace, 'finish' | 'content'>[]): boolean {
  return rounds.every(({ finish, content }) => finish.complete && !content.exchange?.broken);
}

async function race(probe: Probe, round: number): Promise<SeenRace> {
  const contents = ['a', 'b', 'c'].map((name) => probe.payload(RACE_BYTES, `${name}${round}`));
  const upload = await probe.create(RACE_BYTES);
  const chunks = contents.map((file) => ({ offset: 0, body: file.part(0, RACE_BYTES) }));
  const answers = await atOnce(probe, upload, chunks, round);
  const after = await probe.settle(upload);
  const [file] = contents;
  if (file === undefined) throw new Error('unreachable');
  const finish = await probe.finish(upload, file, after.bytes === undefined ? {} : { from: after.bytes });
  const candidates = contents.map((start) => digestOf(start, file, after.bytes ?? 0));
  return { answers, after, finish, content: await probe.content(upload, file), candidates };
}

/** Long enough for all of them to have arrived, over a long line too. */
const HELD_MS = 400;

/** How much of each body comes before all of them are under way; where it is not said, they are sent as they are. */
const BEGUN_BYTES = [undefined, RACE_BYTES - 1, 0];

/**
 * PATCHes of one upload at the same time. In most rounds the end of their bodies, or all of them, are held back until
 * all are under way: over a long line the first would otherwise be done before the others have connected. Where nothing
 * of a body has come, nothing of it is stored either that would tell a server without a lock of the others.
 */
async function atOnce(
  probe: Probe,
  upload: Upload,
  chunks: readonly { readonly offset: number; readonly body: Part }[],
  round: number,
): Promise<readonly Exchange[]> {
  const stallAfterBytes = BEGUN_BYTES[round % BEGUN_BYTES.length];
  if (stallAfterBytes === undefined)
    return Promise.all(chunks.map(({ offset, body }) => probe.patch(upload, offset, body)));
  const begun = await Promise.all(
    chunks.map(({ offset, body }) =>
      probe.begin('PATCH', upload.url, probe.patchOptions(offset, body, { stallAfterBytes })),
    ),
  );
  await probe.pause(HELD_MS);
  await Promise.all(begun.map(({ sendRest }) => sendRest()));
  return Promise.all(
    begun.map(async ({ answer, link }) => {
      const answered = await answer();
      // A server of few connections reads the next one then.
      link.close();
      return answered;
    }),
  );
}

function digestOf(start: Payload, rest: Payload, at: number): string {
  return createHash('sha256').update(start.bytes(0, at)).update(rest.bytes(at, rest.sizeBytes)).digest('hex');
}

export const consecutiveRace = scenario({
  id: 'consecutive-race',
  does: 'sends the first and the second chunk of a file at the same time, in several rounds',
  sendsBytes: 20 * 64 * KiB,
  run: async (probe) => {
    const rounds: Pick<SeenRace, 'answers' | 'finish' | 'content'>[] = [];
    for (let round = 0; round < probe.rounds && isGoing(rounds); round++) {
      const chunk = 64 * KiB;
      const file = probe.payload(2 * chunk, `file${round}`);
      const upload = await probe.create(file.sizeBytes);
      const chunks = [0, chunk].map((offset) => ({ offset, body: file.part(offset, offset + chunk) }));
      const answers = await atOnce(probe, upload, chunks, round);
      const finish = await probe.finish(upload, file);
      rounds.push({ answers, finish, content: await probe.content(upload, file) });
    }
    return { rounds };
  },
});

/** A client that gave up waiting sends the chunk again, while the server still receives the first attempt. */
export const retryDuringFirstAttempt = scenario({
  id: 'retry-during-first-attempt',
  does: 'sends half a chunk, repeats the whole chunk over another connection, then sends the rest of the first',
  sendsBytes: 256 * KiB,
  run: async (probe) => {
    const file = probe.payload(64 * KiB);
    const upload = await probe.create(file.sizeBytes);
    const chunk = file.part(0, file.sizeBytes);
    const half = { stallAfterBytes: file.sizeBytes / 2 };
    const first = await probe.begin('PATCH', upload.url, probe.patchOptions(0, chunk, half));
    await probe.pause(200);
    const second = probe.patch(upload, 0, chunk);
    await probe.pause(400);
    await first.sendRest();
    const firstAnswer = await first.answer();
    first.link.close();
    const secondAnswer = await second;
    const finish = await probe.finish(upload, file);
    return { firstAnswer, secondAnswer, finish, content: await probe.content(upload, file) };
  },
});

/** A lock may be a lease, which ends though its holder lives: who then lets both write mixes them. */
const LONGEST_LEASE_MS = 60_000;
const LEASE_PAUSE_MS = 1000;

/** A request that stalls, is given up by its client, and comes back to life after the client has gone on. */
export const revivedRequest = scenario({
  id: 'revived-request',
  does: 'stalls in the middle of a chunk, resumes over another connection to its end (with --slow also where that is locked at first), then sends the rest over the first',
  sendsBytes: 256 * KiB,
  awaitsDeadline: true,
  run: async (probe) => {
    const file = probe.payload(128 * KiB);
    const upload = await probe.create(file.sizeBytes);
    const chunkBytes = 64 * KiB;
    const half = { stallAfterBytes: chunkBytes / 2 };
    const stalled = await probe.begin(
      'PATCH',
      upload.url,
      probe.patchOptions(0, file.part(0, chunkBytes), half),
    );
    const { bytes } = await probe.settle(upload, { from: 0, bytes: chunkBytes / 2 });
    const from = bytes ?? 0;
    const resume = () => probe.patch(upload, from, file.part(from, chunkBytes));
    let resumed = from < chunkBytes ? await resume() : undefined;
    const leaseEndsMs = probe.nowMs() + Math.min(probe.maxWaitMs, LONGEST_LEASE_MS);
    while (isBusy(resumed) && probe.nowMs() < leaseEndsMs) {
      await probe.pause(LEASE_PAUSE_MS);
      resumed = await resume();
    }
    await stalled.sendRest();
    const revived = await stalled.answer();
    stalled.link.close();
    const finish = await probe.finish(upload, file);
    return { resumed, revived, finish, content: await probe.content(upload, file) };
  },
});

export const headDuringPatch = scenario({
  id: 'head-during-patch',
  does: 'asks HEAD while half a chunk has been sent, then sends the rest, and finishes the upload',
  needs: ['head'],
  sendsBytes: 256 * KiB,
  timeoutMs: 2 * HEAD_BOUND_MS,
  run: async (probe) => {
    const file = probe.payload(128 * KiB);
    const upload = await probe.create(file.sizeBytes);
    const chunkBytes = 64 * KiB;
    const sentBytes = chunkBytes / 2;
    const options = probe.patchOptions(0, file.part(0, chunkBytes), { stallAfterBytes: sentBytes });
    const patching = await probe.begin('PATCH', upload.url, options);
    await probe.pause(100);
    const asked = await probe.head(upload, { timeoutMs: HEAD_BOUND_MS });
    await patching.sendRest();
    const patched = await patching.answer();
    patching.link.close();
    const finish = await probe.finish(upload, file);
    return { sentBytes, asked, patched, finish, content: await probe.content(upload, file) };
  },
});

const CROWD = ['a', 'b', 'c', 'd'] as const;
const CROWD_BYTES = 160 * KiB;
/** In the middle of a buffer, whatever its size: what reads one full before it writes waits there for the rest. */
const CROWD_HELD_BYTES = 100 * KiB - 7;
const CROWD_HELD_MS = 50;
/** A default run has one crowd, since it is to send at most 40 MB; `--rounds` brings more. */
const ROUNDS_FOR_A_CROWD = 5;
const MOST_CROWDS = 5;

export const twoUploadsInTurns = scenario({
  id: 'two-uploads-in-turns',
  does: 'sends two files chunk by chunk in turns, two others at the same time, and four whose bytes are held back until all of them are under way',
  sendsBytes: 384 * KiB + MOST_CROWDS * CROWD.length * CROWD_BYTES,
  run: async (probe) => {
    const chunk = 32 * KiB;
    const turns = await filesOf(probe, ['a', 'b'], 3 * chunk);
    const answers: Exchange[] = [];
    for (let offset = 0; offset < 3 * chunk; offset += chunk) {
      for (const { file, upload } of turns) {
        answers.push(await probe.patch(upload, offset, file.part(offset, offset + chunk)));
      }
    }
    const parallel = await filesOf(probe, ['c', 'd'], 3 * chunk);
    const finishes = await Promise.all(
      parallel.map(({ file, upload }) => probe.finish(upload, file, { chunkBytes: chunk })),
    );
    const all = [...turns, ...parallel];
    // Whoever serves few connections keeps some of a crowd waiting until others have ended.
    const crowds = probe.target.servesAtOnce === undefined ? Math.ceil(probe.rounds / ROUNDS_FOR_A_CROWD) : 0;
    for (let round = 0; round < Math.min(crowds, MOST_CROWDS); round++) {
      const crowd = await filesOf(
        probe,
        CROWD.map((name) => `${name}${round}`),
        CROWD_BYTES,
      );
      await allAtOnce(probe, crowd);
      finishes.push(...(await Promise.all(crowd.map(({ file, upload }) => probe.finish(upload, file)))));
      all.push(...crowd);
    }
    const contents = [];
    for (const { file, upload } of all) contents.push(await probe.content(upload, file));
    return { answers, finishes, contents };
  },
});

interface SentFile {
  readonly file: Payload;
  readonly upload: Upload;
}

const filesOf = (probe: Probe, names: readonly string[], sizeBytes: number): Promise<SentFile[]> =>
  Promise.all(
    names.map(async (name) => ({
      file: probe.payload(sizeBytes, name),
      upload: await probe.create(sizeBytes),
    })),
  );

/** Threads that share a buffer lose a race of microseconds: they all wake up when the rest comes to all of them. */
async function allAtOnce(probe: Probe, crowd: readonly SentFile[]): Promise<void> {
  const held = { stallAfterBytes: CROWD_HELD_BYTES };
  const begun = await Promise.all(
    crowd.map(({ file, upload }) =>
      probe.begin('PATCH', upload.url, probe.patchOptions(0, file.part(0, file.sizeBytes), held)),
    ),
  );
  await probe.pause(CROWD_HELD_MS);
  await Promise.all(begun.map(({ sendRest }) => sendRest()));
  await Promise.all(
    begun.map(async ({ answer, link }) => {
      await answer();
      link.close();
    }),
  );
}

/** Two PATCHes in one write. */
export const pipelinedPatches = scenario({
  id: 'pipelined-patches',
  does: 'sends two PATCHes over one connection without waiting for the first answer',
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const url = new URL(upload.url);
    const link = await probe.open();
    const begin = (from: number, to: number) =>
      link.begin({ method: 'PATCH', url, ...probe.patchOptions(from, file.part(from, to)) });
    const [first, second] = [await begin(0, 5), await begin(5, 10)];
    const firstAnswer = await first.answer();
    const secondAnswer = await second.answer();
    link.close();
    const finish = await probe.finish(upload, file);
    return { firstAnswer, secondAnswer, finish, content: await probe.content(upload, file) };
  },
});
