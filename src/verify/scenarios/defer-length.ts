import { headerOf, isSuccess, offsetOf } from '../answers.ts';
import { Skip } from '../check.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import type { Body } from '../probe/body.ts';
import type { Probe } from '../probe/probe.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { statedMaximum } from './creation-lengths.ts';
import { bringTo } from './trial.ts';

/** Uploads whose size is said later, and the ways in which a PATCH can say it. */

/** A PATCH, and HEAD behind it. */
export interface Declaration {
  readonly patched: Exchange;
  readonly headed: Exchange;
}

const deferring = (value = '1') => ({ headers: { 'Upload-Defer-Length': value } });
const stating = (length: string | undefined) =>
  length === undefined ? {} : { headers: { 'Upload-Length': length } };

const offered = ['offers creation-defer-length', 'head'] as const;

/** Throws Blocked where the server refuses it. */
async function deferredUpload(probe: Probe, sizeBytes: number): Promise<Upload> {
  return probe.uploadOf(await probe.post(undefined, deferring()), sizeBytes);
}

async function declare(
  probe: Probe,
  upload: Upload,
  atBytes: number,
  body: Body,
  length?: string,
): Promise<Declaration> {
  const patched = await probe.patch(upload, atBytes, body, stating(length));
  return { patched, headed: await probe.head(upload) };
}

export const triedDeferral = scenario({
  id: 'tried-deferral',
  does: 'creates an upload with Upload-Defer-Length: 1, and asks HEAD',
  needs: ['creation-extension'],
  run: async (probe) => {
    const posted = await probe.post(undefined, deferring());
    const isThere = isSuccess(posted) && headerOf(posted, 'Location') !== undefined;
    const headed =
      isThere && probe.target.headless === undefined
        ? await probe.head(probe.uploadOf(posted, 0))
        : undefined;
    return { posted, ...(headed && { headed }) };
  },
});

export const senselessDeferrals = scenario({
  id: 'senseless-deferrals',
  does: 'creates uploads with Upload-Defer-Length 0, 2, true and yes',
  needs: ['offers creation-defer-length'],
  run: async (probe) => {
    const tries = [];
    for (const value of ['0', '2', 'true', 'yes']) {
      tries.push({ value, posted: await probe.post(undefined, deferring(value)) });
    }
    return { tries };
  },
});

const SIZE_BYTES = 20;

export const lateLength = scenario({
  id: 'late-length',
  does: 'creates an upload without a size, sends 5 bytes, says 20 bytes with the next 5, repeats that, and then says 30',
  needs: offered,
  run: async (probe) => {
    const file = probe.payload(SIZE_BYTES);
    const upload = await deferredUpload(probe, SIZE_BYTES);
    const atStart = await probe.head(upload);
    let at = 0;
    const send = async (bytes: number, length?: string) => {
      const declared = await declare(probe, upload, at, file.part(at, at + bytes), length);
      at = offsetOf(declared.headed) ?? at;
      return declared;
    };
    const before = await send(5);
    const declared = await send(5, String(SIZE_BYTES));
    const repeated = await send(2, String(SIZE_BYTES));
    return { atStart, before, declared, repeated, changed: await send(2, '30') };
  },
});

/** The same question to an ordinary upload and to one that was deferred. */
export const knownLengths = scenario({
  id: 'known-lengths',
  does: 'asks HEAD on an upload of 10 bytes, says 99 in a PATCH to it, and asks HEAD on a deferred one whose size was said',
  needs: ['creation-extension', 'head'],
  run: async (probe) => {
    const file = probe.payload(10);
    const upload = await probe.create(file.sizeBytes);
    const ordinary = await probe.head(upload);
    const fixed = await declare(probe, upload, 0, file.part(0, 5), '99');
    if (!probe.target.extensions.includes('creation-defer-length')) return { ordinary, fixed };
    const deferred = await deferredUpload(probe, file.sizeBytes);
    return { ordinary, fixed, declared: await declare(probe, deferred, 0, file.part(0, 3), '10') };
  },
});

export const emptyDeclaration = scenario({
  id: 'empty-declaration',
  does: 'sends a small file to an upload without a size, says in an empty PATCH that this is all, and reads it back',
  needs: offered,
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const upload = await deferredUpload(probe, file.sizeBytes);
    await bringTo(probe, upload, file, file.sizeBytes);
    const declared = await declare(probe, upload, file.sizeBytes, '', String(file.sizeBytes));
    return { declared, content: await probe.content(upload, file) };
  },
});

/** What a PATCH says to an upload without a size that has 6 bytes. */
async function saidTo(probe: Probe, length: string, sendBytes: number): Promise<Declaration> {
  const file = probe.payload(SIZE_BYTES);
  const upload = await deferredUpload(probe, SIZE_BYTES);
  await bringTo(probe, upload, file, 6);
  return declare(probe, upload, 6, file.part(6, 6 + sendBytes), length);
}

export const impossibleDeclarations = scenario({
  id: 'impossible-declarations',
  does: 'says to uploads with 6 bytes and without a size that they have 2, and "abc" and "-1" with 2 bytes more',
  needs: offered,
  run: async (probe) => ({
    tooShort: await saidTo(probe, '2', 0),
    senseless: [await saidTo(probe, 'abc', 2), await saidTo(probe, '-1', 2)],
  }),
});

export const declaredAboveMaximum = scenario({
  id: 'declared-above-maximum',
  does: 'says one byte more than Tus-Max-Size to an upload without a size',
  needs: [...offered, 'max-size'],
  run: async (probe) => ({ declared: await saidTo(probe, String(statedMaximum(probe) + 1n), 2) }),
});

const MiB = 1024 * 1024;
const MOST_BYTES = 64 * MiB;

export const beyondMaximum = scenario({
  id: 'beyond-maximum',
  does: 'sends one byte more than Tus-Max-Size to an upload without a size, in chunks of 8 MiB',
  needs: [...offered, 'max-size', 'intrusive'],
  sendsBytes: MOST_BYTES,
  timeoutMs: 120_000,
  run: async (probe) => {
    const maximum = statedMaximum(probe);
    if (maximum > BigInt(MOST_BYTES))
      throw new Skip('no more than 64 MiB are sent, and the maximum is larger');
    const file = probe.payload(Number(maximum) + 1);
    const upload = await deferredUpload(probe, file.sizeBytes);
    const sent: Exchange[] = [];
    for (let at = 0; at < file.sizeBytes; ) {
      const patched = await probe.patch(upload, at, file.part(at, Math.min(at + 8 * MiB, file.sizeBytes)));
      sent.push(patched);
      const next = isSuccess(patched) ? (offsetOf(patched) ?? 0) : 0;
      if (next <= at) break;
      at = next;
    }
    return { maximumBytes: Number(maximum), last: sent.at(-1), after: await probe.settle(upload) };
  },
});

const CHUNK_BYTES = 1100;

export const deferredFile = scenario({
  id: 'deferred-file',
  does: 'sends a file in three chunks, says its size with the last one, and reads it back',
  needs: offered,
  run: async (probe) => {
    const file = probe.payload(3 * CHUNK_BYTES);
    const upload = await deferredUpload(probe, file.sizeBytes);
    await bringTo(probe, upload, file, CHUNK_BYTES);
    const second = await declare(probe, upload, CHUNK_BYTES, file.part(CHUNK_BYTES, 2 * CHUNK_BYTES));
    const at = offsetOf(second.headed) ?? 2 * CHUNK_BYTES;
    const last = await declare(probe, upload, at, file.part(at, file.sizeBytes), String(file.sizeBytes));
    const finish = await probe.finish(upload, file);
    return { second, last, finish, content: await probe.content(upload, file) };
  },
});
