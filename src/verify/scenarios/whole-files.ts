import { isSuccess, offsetOf } from '../answers.ts';
import type { Payload } from '../payload.ts';
import type { Probe } from '../probe/probe.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import { type Scenario, scenario } from '../scenario.ts';
import type { SeenFile } from './seen-file.ts';
import { behindTooLong } from './trial.ts';

/** Whole files, sent without any trouble: in chunks of one size, or of the sizes given. */

const MiB = 1024 * 1024;

export const threeMebibytesAndABit = fileOf('file-3-mib-and-17', 3 * MiB + 17);
export const oneMebibyte = fileOf('file-1-mib', MiB);
export const twoMebibytes = fileOf('file-2-mib', 2 * MiB);
export const lastChunkSmaller = fileOf('file-last-chunk-of-one-byte', MiB + 1);
export const oneByteShort = fileOf('file-one-byte-short', MiB - 1);
export const singleByte = fileOf('file-single-byte', 1);

/** That it is refused is an answer to look at, not a set-up that failed. */
export const emptyFile: Scenario<SeenEmptyFile> = scenario({
  id: 'file-empty',
  does: 'creates an upload of 0 bytes and reads it back',
  run: async (probe) => {
    const file = probe.payload(0);
    const created = await probe.post(0);
    return isSuccess(created) ? sent(probe, file, [MiB], probe.uploadOf(created, 0)) : { created };
  },
});

/** Only `created` where it was refused. */
export type SeenEmptyFile = Pick<SeenFile, 'created'> & Partial<SeenFile>;

/** The numbers of Fibonacci: many sizes, none of them round. */
const growing = [
  1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2584, 4181, 6765, 10946, 17711, 28657,
];

export const oddChunks = fileOf('file-in-odd-chunks', MiB / 4, [...growing, 65_537]);

const looks: Readonly<Record<string, Uint8Array | string>> = {
  'all 256 values': Uint8Array.from({ length: 256 }, (_, value) => value),
  'what looks like a form': '\r\n--boundary--\r\n',
  'what looks like a last chunk': '0\r\n\r\n',
  'what looks like gzip': Uint8Array.of(0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 3),
  'a byte order mark': '\ufefftext',
  'no UTF-8': Uint8Array.of(0xff, 0xfe, 0x80, 0xc0),
  '64 KiB of zeros': new Uint8Array(65_536),
};

/** Still pictures and silence: a chunk that equals the one before it is no repeat, and no zeros hide a hole. */
const equalChunksBytes = 16 * 1024;
const equalChunks = Uint8Array.from({ length: 3 * equalChunksBytes }, (_, index) => index % 256);

export const strangeContents: Scenario<Readonly<Record<string, SeenFile>>> = scenario({
  id: 'strange-contents',
  does: 'sends files that look like text, framing, compression or nothing at all, and one whose chunks are all alike',
  sendsBytes: 128 * 1024,
  run: async (probe) => {
    const seen: Record<string, SeenFile> = {};
    for (const [name, bytes] of Object.entries(looks)) {
      seen[name] = await sent(probe, probe.literalFile(bytes), [MiB]);
    }
    seen['chunks that are all alike'] = await sent(probe, probe.literalFile(equalChunks), [equalChunksBytes]);
    return seen;
  },
});

function fileOf(id: string, sizeBytes: number, chunks: readonly number[] = [MiB]): Scenario<SeenFile> {
  return scenario({
    id,
    does: `sends a file of ${sizeBytes} ${sizeBytes === 1 ? 'byte' : 'bytes'} in chunks of ${chunks.slice(0, 5).join(', ')}${chunks.length > 5 ? ' …' : ''} bytes and reads it back`,
    sendsBytes: sizeBytes + 16 * 1024,
    run: (probe) => sent(probe, probe.payload(sizeBytes), chunks),
  });
}

/** Sends a payload chunk by chunk; where a chunk is not taken as a whole, goes on as a client would. */
async function sent(
  probe: Probe,
  file: Payload,
  chunks: readonly number[],
  given?: Upload,
): Promise<SeenFile> {
  const upload = given ?? (await probe.create(file.sizeBytes));
  const patches: Exchange[] = [];
  let offset = 0;
  let mostBytes = file.sizeBytes;
  for (let index = 0; offset < file.sizeBytes; index++) {
    const size = chunks[Math.min(index, chunks.length - 1)] ?? file.sizeBytes;
    const end = Math.min(offset + Math.min(size, mostBytes), file.sizeBytes);
    const patched = await probe.patch(upload, offset, file.part(offset, end));
    patches.push(patched);
    const tooLong = await behindTooLong(probe, upload, patches);
    if (tooLong !== undefined) {
      mostBytes = tooLong.mostBytes;
      offset = tooLong.offsetBytes ?? offset;
      continue;
    }
    const accepted = isSuccess(patched) ? (offsetOf(patched) ?? end) : offset;
    if (accepted <= offset) break;
    offset = accepted;
  }
  const finish = await probe.finish(upload, file, offset < file.sizeBytes ? {} : { from: offset });
  return { created: upload.created, patches, finish, content: await probe.content(upload, file) };
}
