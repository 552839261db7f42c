import { type Payload, SMALL_FILE_BYTES } from '../payload.ts';
import type { Probe } from '../probe/probe.ts';
import type { FinalizeOptions, Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { sentOnce } from './sent-once.ts';

const KiB = 1024;

/** An upload that is complete but for finalize. */
export interface WholeUpload {
  readonly upload: Upload;
  readonly file: Payload;
}

export async function wholeUpload(probe: Probe, name?: string): Promise<WholeUpload> {
  const file = probe.payload(SMALL_FILE_BYTES, name);
  const upload = await probe.create(file.sizeBytes);
  await probe.patch(upload, 0, file.part(0, file.sizeBytes));
  return { upload, file };
}

/** What finalize says, next to what it should say of the file. */
export interface SeenFinalize {
  readonly exchange: Exchange;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export async function finalizeWhole(probe: Probe, options?: FinalizeOptions): Promise<SeenFinalize> {
  const { upload, file } = await wholeUpload(probe);
  const exchange = await probe.finalize(upload, options);
  return { exchange, sizeBytes: file.sizeBytes, sha256: file.sha256() };
}

export const furtherFields = scenario({
  id: 'finalize-further-fields',
  does: 'finalizes one upload with the further fields of the app, one with a false checksum and size, and one with the keys of prototypes',
  run: async (probe) => {
    const asTheApp = { userId: 'pulse-verify', draftId: 'pulse-verify', metadata: {} };
    const claims = {
      checksum: `sha256:${'0'.repeat(64)}`,
      sha256: '0'.repeat(64),
      size: 1,
      status: 'failed',
    };
    return {
      ofTheApp: await finalizeWhole(probe, { fields: asTheApp }),
      falseClaims: await finalizeWhole(probe, { fields: claims }),
    };
  },
});

export const prototypeKeys = scenario({
  id: 'finalize-prototype-keys',
  does: 'finalizes an upload with the keys of prototypes in the body, and another as usual afterwards',
  run: async (probe) => {
    const { upload } = await wholeUpload(probe, 'first');
    const keys =
      '"__proto__":{"isAdmin":true,"size":1},"constructor":{"prototype":{"isAdmin":true,"size":1}}';
    const names = `"uploadId":${JSON.stringify(upload.id)},"filename":${JSON.stringify(upload.filename)}`;
    const polluting = await probe.finalize(upload, { body: `{${keys},${names}}` });
    return { polluting, afterwards: await finalizeWhole(probe), alive: await probe.alive() };
  },
});

export const unknownFinalize = scenario({
  id: 'finalize-unknown',
  does: 'finalizes an upload that the server has never given out, once HEAD has refused it where there is HEAD',
  run: async (probe) => {
    const { upload } = await wholeUpload(probe);
    return { unknown: await probe.finalize(await probe.unknownUpload(upload)) };
  },
});

export const otherMethodsOnFinalize = scenario({
  id: 'finalize-other-methods',
  does: 'asks for the finalize path by GET, HEAD and PATCH',
  run: async (probe) => {
    const url = probe.target.finalizeUrl ?? '';
    return {
      otherMethods: [
        await probe.request('GET', url),
        await probe.head(url),
        await probe.request('PATCH', url, probe.patchOptions(0, 'x')),
      ],
    };
  },
});

export const earlyFinalize = scenario({
  id: 'finalize-early',
  does: 'finalizes an upload of which nothing, and one of which 4 bytes are there; then finishes the second',
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const empty = await probe.create(file.sizeBytes);
    const ofNothing = await probe.finalize(empty);
    const upload = await probe.create(file.sizeBytes);
    const patched = await probe.patch(upload, 0, file.part(0, 4));
    const ofSome = await probe.finalize(upload);
    const finish = await probe.finish(upload, file);
    return { ofNothing, patched, ofSome, finish, content: await probe.content(upload, file) };
  },
});

export const overlongFinalize = scenario({
  id: 'finalize-overlong',
  does: 'sends 5 bytes too much to an upload, and finalizes it',
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES + 5);
    const upload = await probe.create(SMALL_FILE_BYTES);
    const patched = await probe.patch(upload, 0, file.part(0, file.sizeBytes));
    return { patched, finalized: await probe.finalize(upload), sizeBytes: SMALL_FILE_BYTES };
  },
});

export const repeatedFinalize = scenario({
  id: 'finalize-repeated',
  does: 'finalizes an upload, repeats that with the same and with another filename, asks HEAD, sends more chunks, and repeats it again',
  run: async (probe) => {
    const { upload, file } = await wholeUpload(probe);
    const first = await probe.finalize(upload);
    const asked = await probe.head(upload);
    const same = await probe.finalize(upload);
    const renamed = await probe.finalize(upload, { fields: { filename: probe.fileName() } });
    const behind = await probe.patch(upload, file.sizeBytes, 'x');
    const over = await probe.patch(upload, 0, file.part(0, 5));
    const last = await probe.finalize(upload);
    return { first, asked, same, renamed, behind, over, last, sizeBytes: file.sizeBytes };
  },
});

/** The app waits a second before it tries again. */
const APP_RETRY_MS = 1000;
const LOOK_MS = 250;
/** A busy machine is still at work on the first request when the app comes back; 409 may be what it says for good. */
const MOST_LOOKS: Readonly<Record<number, number>> = { 409: 3, 423: 20, 503: 20 };
const mostLooks = ({ answer }: Partial<Exchange> = {}) => MOST_LOOKS[answer?.status ?? 0] ?? 0;

/** The answer is lost with the connection; the client can only ask again. */
export const lostFinalize = scenario({
  id: 'finalize-lost-answer',
  does: 'finalizes an upload, closes the connection without reading the answer, and repeats the request twice',
  run: async (probe) => {
    const { upload, file } = await wholeUpload(probe);
    const lost = await probe.finalize(upload, { cut: { afterBytes: KiB, by: 'close' } });
    // As the app does. A repeat that meets the first one still at work is another question.
    await probe.pause(APP_RETRY_MS);
    let content = await probe.content(upload, file);
    for (let looks = 0; looks < mostLooks(content.exchange); looks++) {
      await probe.pause(LOOK_MS);
      content = await probe.content(upload, file);
    }
    // Where the server never saw the first request, the first repeat is not yet a second one.
    return { lost, content, again: await probe.finalize(upload) };
  },
});

export const finalizeDuringPatch = scenario({
  id: 'finalize-during-patch',
  does: 'sends half of the last chunk, finalizes, sends the rest of the chunk, then finishes the upload',
  sendsBytes: 128 * KiB,
  run: async (probe) => {
    const file = probe.payload(64 * KiB);
    const upload = await probe.create(file.sizeBytes);
    const chunk = file.sizeBytes / 2;
    await probe.patch(upload, 0, file.part(0, chunk));
    const options = probe.patchOptions(chunk, file.part(chunk, file.sizeBytes), {
      stallAfterBytes: chunk / 2,
    });
    const patching = await probe.begin('PATCH', upload.url, options);
    await probe.pause(100);
    // A server may wait for the chunk, so nobody waits long for finalize before the chunk has ended.
    const finalizing = probe.finalize(upload);
    await Promise.race([finalizing, probe.pause(1500)]);
    await patching.sendRest();
    const patched = await patching.answer();
    patching.link.close();
    const finalized = await finalizing;
    const finish = await probe.finish(upload, file);
    const content = await probe.content(upload, file);
    return { patched, finalized, sizeBytes: file.sizeBytes, sha256: file.sha256(), finish, content };
  },
});

export const concurrentFinalize = scenario({
  id: 'finalize-concurrent',
  does: 'finalizes uploads twice at the same time with different filenames, and once more afterwards',
  needs: ['intrusive'],
  alone: true,
  run: async (probe) => {
    const rounds = [];
    for (let round = 0; round < probe.rounds; round++) {
      const { upload } = await wholeUpload(probe, `round ${round}`);
      const other = { ...sentOnce, fields: { filename: probe.fileName() } };
      const both = await Promise.all([probe.finalize(upload, sentOnce), probe.finalize(upload, other)]);
      rounds.push({ both, afterwards: await probe.finalize(upload) });
    }
    return { rounds, alive: await probe.alive() };
  },
});

const LARGE_FINALIZE_MS = 120_000;

export const largeFinalize = scenario({
  id: 'finalize-large-file',
  does: 'sends a file of 2 GiB and one byte in chunks of 64 MiB and one byte, finalizes it, and asks meanwhile whether the server answers',
  needs: ['large'],
  alone: true,
  sendsBytes: 2 * 1024 * 1024 * KiB + 1,
  timeoutMs: 15 * 60_000,
  run: async (probe) => {
    const GiB = probe.gibibyteBytes;
    const file = probe.payload(2 * GiB + 1);
    const upload = await probe.create(file.sizeBytes);
    const finish = await probe.finish(upload, file, { from: 0, chunkBytes: GiB / 16 + 1 });
    const finalizing = probe.finalize(upload, { timeoutMs: LARGE_FINALIZE_MS });
    await probe.pause(500);
    const alive = await probe.alive();
    const exchange = await finalizing;
    return { finish, alive, exchange, sizeBytes: file.sizeBytes, sha256: file.sha256() };
  },
});
