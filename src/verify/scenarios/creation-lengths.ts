import { isSuccess } from '../answers.ts';
import { Skip } from '../check.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import type { Probe } from '../probe/probe.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';

/** A creation with this Upload-Length, and HEAD on the upload where it came to be. */
export interface Declared {
  readonly length: string;
  readonly posted: Exchange;
  /** Absent where the creation was refused, or the server has no HEAD. */
  readonly headed?: Exchange;
}

async function declare(probe: Probe, length: string, timeoutMs?: number): Promise<Declared> {
  const headers = { 'Upload-Length': length };
  const posted = await probe.post(undefined, { headers, ...(timeoutMs !== undefined && { timeoutMs }) });
  const headed = await headOfNew(probe, posted);
  return { length, posted, ...(headed && { headed }) };
}

async function headOfNew(probe: Probe, posted: Exchange): Promise<Exchange | undefined> {
  return isSuccess(posted) && probe.target.headless === undefined
    ? probe.head(probe.uploadOf(posted, 0))
    : undefined;
}

async function declareAll(probe: Probe, lengths: readonly string[]): Promise<readonly Declared[]> {
  const declared: Declared[] = [];
  for (const length of lengths) declared.push(await declare(probe, length));
  return declared;
}

export const plainLengths = scenario({
  id: 'plain-lengths',
  does: 'creates uploads of 1, 1,048,576, 2,147,483,648 and 4,294,967,297 bytes, sends nothing, and asks HEAD',
  needs: ['head'],
  run: async (probe) => {
    const most = maxSize(probe);
    const lengths = ['1', '1048576', '2147483648', '4294967297'];
    return {
      declared: await declareAll(
        probe,
        lengths.filter((length) => most === undefined || BigInt(length) <= most),
      ),
    };
  },
});

export const noLength = scenario({
  id: 'no-length',
  does: 'creates an upload without Upload-Length, and one with both Upload-Length and Upload-Defer-Length',
  run: async (probe) => {
    const without = await probe.post(undefined);
    const both = await probe.post(10, { headers: { 'Upload-Defer-Length': '1' } });
    const headed = await headOfNew(probe, both);
    return { without, both, ...(headed && { headed }) };
  },
});

export const senselessUploadLengths = scenario({
  id: 'senseless-upload-lengths',
  does: 'creates uploads with Upload-Length -1, abc, 1.5, 1e3, 0x10, 10abc, an empty value, and "5, 5"',
  run: async (probe) => ({
    declared: await declareAll(probe, ['-1', 'abc', '1.5', '1e3', '0x10', '10abc', '', '5, 5']),
  }),
});

export const hugeLengths = scenario({
  id: 'huge-upload-lengths',
  does: 'creates uploads of 2^53 + 1, 2^63 and 2^64 bytes and of a number of 400 digits, sends nothing, and asks HEAD',
  run: async (probe) => ({
    precise: await declare(probe, '9007199254740993'),
    beyond: await declareAll(probe, ['9223372036854775808', '18446744073709551616', '9'.repeat(400)]),
  }),
});

const TEBIBYTE = 1n << 40n;

export const oneTebibyte = scenario({
  id: 'one-tebibyte',
  does: 'declares an upload of 1 TiB, or of the maximum, sends nothing, and then uploads a small file elsewhere',
  needs: ['intrusive'],
  run: async (probe) => {
    const most = maxSize(probe) ?? TEBIBYTE;
    const huge = await declare(probe, String(most < TEBIBYTE ? most : TEBIBYTE), 5000);
    const file = probe.payload(SMALL_FILE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    return { huge, next: await probe.patch(upload, 0, file.part(0, file.sizeBytes)) };
  },
});

export const nothingToSend = scenario({
  id: 'nothing-to-send',
  does: 'creates an upload of no bytes and without a name, asks HEAD, and reads the content back',
  run: async (probe) => {
    const file = probe.literal('');
    const posted = await probe.post(0, { headers: { 'Upload-Metadata': probe.metadata() } });
    const headed = await headOfNew(probe, posted);
    const content = isSuccess(posted)
      ? await probe.content(probe.uploadOf(posted, file.sizeBytes), file)
      : undefined;
    return { posted, ...(headed && { headed }), ...(content && { content }) };
  },
});

export const aboveMaximum = scenario({
  id: 'above-maximum',
  does: 'declares an upload of one byte more than Tus-Max-Size',
  needs: ['max-size'],
  run: async (probe) => ({ declared: await declare(probe, String(statedMaximum(probe) + 1n)) }),
});

export const atMaximum = scenario({
  id: 'at-maximum',
  does: 'declares an upload of exactly Tus-Max-Size, and sends nothing',
  needs: ['max-size', 'intrusive'],
  run: async (probe) => ({ declared: await declare(probe, String(statedMaximum(probe))) }),
});

function maxSize({ target }: Probe): bigint | undefined {
  return target.maxSize !== undefined && /^\d+$/.test(target.maxSize) ? BigInt(target.maxSize) : undefined;
}

/** Tus-Max-Size; throws Skip where it is no number. */
export function statedMaximum(probe: Probe): bigint {
  const most = maxSize(probe);
  if (most === undefined) throw new Skip(`Tus-Max-Size is no number: ${probe.target.maxSize}`);
  return most;
}
