import { headerMembers, isSuccess } from '../answers.ts';
import { checksumOf, computable, digestOf } from '../checksums.ts';
import { smallerChunk } from '../chunk-size.ts';
import { type Payload, SMALL_FILE_BYTES } from '../payload.ts';
import type { Body } from '../probe/body.ts';
import type { Probe } from '../probe/probe.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { bringTo, goingOnFrom, type Trial, trialOf } from './trial.ts';

/** Chunks that say what their bytes must be: rightly, wrongly, and in ways that are no checksum. */

const CHUNK = 5;
const under = (checksum: string) => ({ headers: { 'Upload-Checksum': checksum } });

export const rightChecksums = scenario({
  id: 'right-checksums',
  does: `sends ${SMALL_FILE_BYTES} bytes with their right checksum, once for each algorithm that is listed, and reads them back`,
  needs: ['offers checksum'],
  run: async (probe) => {
    const options = await probe.options();
    const tries = [];
    for (const name of namesIn(options)) {
      const file = probe.payload(SMALL_FILE_BYTES);
      const upload = await probe.create(SMALL_FILE_BYTES);
      const chunk = file.part(0, SMALL_FILE_BYTES);
      const patched = await probe.patch(upload, 0, chunk, under(checksumOf(name, chunk.bytes)));
      tries.push({ name, patched, content: await probe.content(upload, file) });
    }
    return { options, tries };
  },
});

/** Of the algorithms that are listed those that are known here, and sha1 in any case. */
function namesIn(options: Exchange): readonly string[] {
  const listed = headerMembers(options, 'Tus-Checksum-Algorithm');
  return computable.filter((name) => name === 'sha1' || listed.includes(name));
}

/** One checksum on 5 bytes of an upload of 10. */
async function tryOn(probe: Probe, checksumFor: (bytes: Uint8Array) => string): Promise<Trial> {
  const upload = await probe.create(2 * CHUNK);
  const chunk = probe.payload(2 * CHUNK).part(0, CHUNK);
  return trialOf(probe, upload, 0, () => probe.patch(upload, 0, chunk, under(checksumFor(chunk.bytes))));
}

const ofOthers = (name: string) => checksumOf(name, Buffer.from('other bytes'));

export const wrongChecksums = scenario({
  id: 'wrong-checksums',
  does: 'sends 5 bytes with the checksum of other bytes, once for each algorithm that is listed',
  needs: ['offers checksum'],
  run: async (probe) => {
    const wrongs = [];
    for (const name of namesIn(await probe.options())) {
      wrongs.push({ name, trial: await tryOn(probe, () => ofOthers(name)) });
    }
    return { wrongs };
  },
});

export const unknownAlgorithm = scenario({
  id: 'unknown-checksum-algorithm',
  does: 'sends 5 bytes with a checksum of an algorithm that nobody has',
  needs: ['offers checksum'],
  run: async (probe) => ({ unknown: await tryOn(probe, () => 'nosuchalg AAAA') }),
});

const malformed: readonly (readonly [string, (bytes: Uint8Array) => string])[] = [
  ['a name alone', () => 'sha1'],
  ['no base64', () => 'sha1 !!!'],
  ['a colon for the blank', (bytes) => `sha1:${digestOf('sha1', bytes).toString('hex')}`],
  ['hex for base64', (bytes) => `sha1 ${digestOf('sha1', bytes).toString('hex')}`],
  ['nothing', () => ''],
];

export const malformedChecksums = scenario({
  id: 'malformed-checksums',
  does: 'sends 5 bytes with an Upload-Checksum that is none, in five ways',
  needs: ['offers checksum'],
  run: async (probe) => {
    const trials = [];
    for (const [what, checksumFor] of malformed) {
      trials.push({ what, trial: await tryOn(probe, checksumFor) });
    }
    return { trials };
  },
});

export const oddChecksums = scenario({
  id: 'odd-checksums',
  does: 'sends 5 bytes with half of their sha1, and with a right and a wrong digest under the name SHA1',
  needs: ['offers checksum'],
  run: async (probe) => ({
    half: await tryOn(probe, (bytes) => `sha1 ${digestOf('sha1', bytes).subarray(0, 10).toString('base64')}`),
    rightUpperCase: await tryOn(probe, (bytes) => checksumOf('sha1', bytes).replace('sha1', 'SHA1')),
    wrongUpperCase: await tryOn(probe, () => ofOthers('sha1').replace('sha1', 'SHA1')),
  }),
});

export const emptyChecksums = scenario({
  id: 'checksums-of-nothing',
  does: 'sends an empty chunk with the sha1 of nothing, and one with the sha1 of something',
  needs: ['offers checksum'],
  run: async (probe) => {
    const upload = await probe.create(CHUNK);
    const nothing = new Uint8Array(0);
    const send = (checksum: string) =>
      trialOf(probe, upload, 0, () => probe.patch(upload, 0, nothing, under(checksum)));
    return { right: await send(checksumOf('sha1', nothing)), wrong: await send(ofOthers('sha1')) };
  },
});

const MiB = 1024 * 1024;
const SMALL_CHUNK = 1000;

type Spoilt = Awaited<ReturnType<typeof spoilt>>;

/** Sends other bytes under the checksum of the right ones. */
async function spoilt(probe: Probe, file: Payload, from: number, to: number, bad: Body) {
  const upload = await probe.create(file.sizeBytes);
  await bringTo(probe, upload, file, from);
  const right = file.part(from, to);
  const guarded = under(checksumOf('sha1', right.bytes));
  const trial = await trialOf(probe, upload, from, () => probe.patch(upload, from, bad, guarded));
  return { upload, trial, again: () => probe.patch(upload, from, right, guarded) };
}

export const spoiltChunk = scenario({
  id: 'spoilt-chunk',
  does: 'sends the second of three chunks, which is of 1 MiB or as long as the server takes one, with another last byte than its checksum says, then rightly, finishes, and reads the file back',
  needs: ['offers checksum'],
  sendsBytes: 3 * MiB,
  run: async (probe) => {
    const { file, upload, trial, repeated } = await spoiltMiddle(probe, MiB);
    const finish = await probe.finish(upload, file);
    return { trial, repeated, finish, content: await probe.content(upload, file) };
  },
});

/** The middle one of three chunks, as long as the server takes one, and the right one in its place. */
async function spoiltMiddle(
  probe: Probe,
  chunkBytes: number,
): Promise<Pick<Spoilt, 'upload' | 'trial'> & { readonly file: Payload; readonly repeated: Exchange }> {
  const [from, to] = [SMALL_CHUNK, SMALL_CHUNK + chunkBytes];
  const file = probe.payload(to + SMALL_CHUNK);
  // A server that hashes a chunk by the piece may look at the first piece alone.
  const bad = [file.part(from, to - 1), inverted(file.bytes(to - 1, to))];
  const { upload, trial, again } = await spoilt(probe, file, from, to, bad);
  const repeated = await again();
  // Of a refusal that closes the connection the first answer may be lost.
  const smaller = smallerChunk(trial.exchange, probe.target) ?? smallerChunk(repeated, probe.target);
  return smaller === undefined ? { file, upload, trial, repeated } : spoiltMiddle(probe, smaller);
}

export const spoiltLastChunk = scenario({
  id: 'spoilt-last-chunk',
  does: 'sends the last of three chunks with other bytes than its checksum says, and asks for the file',
  needs: ['offers checksum'],
  run: async (probe) => {
    const file = probe.payload(3 * SMALL_CHUNK);
    const [from, to] = [2 * SMALL_CHUNK, file.sizeBytes];
    const bad = probe.payload(file.sizeBytes, 'noise').part(from, to);
    const { upload, trial } = await spoilt(probe, file, from, to, bad);
    return { trial, content: await probe.content(upload, file) };
  },
});

function inverted(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => ~byte);
}

export const cutCheckedChunk = scenario({
  id: 'cut-checked-chunk',
  does: 'closes the connection 400,000 bytes into a chunk of 1 MiB with a checksum, goes on, and reads the file back',
  needs: ['offers checksum'],
  sendsBytes: 2 * MiB,
  run: async (probe) => {
    const file = probe.payload(MiB);
    const upload = await probe.create(MiB);
    const cut = await probe.patch(upload, 0, file.part(0, MiB), {
      ...under(checksumOf('sha1', file.part(0, MiB).bytes)),
      cut: { afterBytes: 400_000, by: 'close' },
    });
    const sentBytes = cut.sent.writtenBytes;
    const after = await probe.settle(upload, { from: 0, bytes: sentBytes });
    const finish = await probe.finish(upload, file, goingOnFrom(after));
    return { cut, sentBytes, after, finish, content: await probe.content(upload, file) };
  },
});

export const checksumUnasked = scenario({
  id: 'checksum-unasked',
  does: 'sends 5 bytes with a wrong checksum to a server that does not check any',
  needs: ['lacks checksum'],
  run: async (probe) => ({ wrong: await tryOn(probe, () => ofOthers('sha1')) }),
});

export const checkedCreation = scenario({
  id: 'checked-creation',
  does: 'creates an upload of 10 bytes with its first 5, under the sha1 of others',
  needs: ['offers checksum', 'offers creation-with-upload'],
  run: async (probe): Promise<{ created: Exchange; head?: Exchange }> => {
    const created = await probe.post(2 * CHUNK, {
      headers: {
        'Content-Type': 'application/offset+octet-stream',
        'Upload-Checksum': ofOthers('sha1'),
      },
      body: probe.payload(2 * CHUNK).part(0, CHUNK),
    });
    if (!isSuccess(created)) return { created };
    return { created, head: await probe.head(probe.uploadOf(created, 2 * CHUNK)) };
  },
});

export const trailedChecksums = scenario({
  id: 'trailed-checksums',
  does: `sends ${SMALL_FILE_BYTES} bytes in HTTP chunks with a right checksum behind them, with a wrong one, and with none though one was promised`,
  needs: ['offers checksum', 'offers checksum-trailer'],
  run: async (probe) => {
    const send = async (trailers: (bytes: Uint8Array) => readonly (readonly [string, string])[]) => {
      const file = probe.payload(SMALL_FILE_BYTES);
      const upload = await probe.create(SMALL_FILE_BYTES);
      const chunk = file.part(0, SMALL_FILE_BYTES);
      const headers = { Trailer: 'Upload-Checksum' };
      const options = { headers, chunked: [SMALL_FILE_BYTES], trailers: trailers(chunk.bytes) };
      const trial = await trialOf(probe, upload, 0, () => probe.patch(upload, 0, chunk, options));
      const finish = await probe.finish(upload, file, goingOnFrom(trial.after));
      return { trial, finish, content: await probe.content(upload, file) };
    };
    return {
      right: await send((bytes) => [['Upload-Checksum', checksumOf('sha1', bytes)]]),
      wrong: await send(() => [['Upload-Checksum', ofOthers('sha1')]]),
      missing: await send(() => []),
    };
  },
});
