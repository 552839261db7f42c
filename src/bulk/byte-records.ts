import { PulseError } from '../errors.ts';

export const NEWLINE = 0x0a;
export const NUL = 0x00;

export interface ByteRecord {
  readonly bytes: Buffer;
  /** Counted from 1. */
  readonly number: number;
  /** Where the record begins. */
  readonly offsetBytes: number;
  /** False for a last record that nothing ends. */
  readonly ended: boolean;
}

export interface RecordLimits {
  /** What the user calls the stream. */
  readonly label: string;
  readonly maxBytes: number;
  /** What to look at where a record is longer. */
  readonly hint: string;
}

/** Splits a stream at a separator, holding one record at a time; one that is longer than `maxBytes` throws `input`. */
export async function* byteRecords(
  chunks: AsyncIterable<Uint8Array>,
  separator: number,
  { label, maxBytes, hint }: RecordLimits,
): AsyncGenerator<ByteRecord> {
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  let offsetBytes = 0;
  const record = (bytes: Buffer, ended: boolean): ByteRecord => {
    number += 1;
    const at = offsetBytes;
    offsetBytes += bytes.length + (ended ? 1 : 0);
    return { bytes, number, offsetBytes: at, ended };
  };
  for await (const chunk of chunks) {
    let bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf(separator); end >= 0; end = bytes.indexOf(separator)) {
      yield record(bytes.subarray(0, end), true);
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > maxBytes) throw tooLong(`${label}:${number + 1}`, maxBytes, hint);
    rest = bytes;
  }
  if (rest.length > 0) yield record(rest, false);
}

function tooLong(place: string, maxBytes: number, hint: string): PulseError {
  return new PulseError('input', `${place} is longer than ${maxBytes} bytes, expected one entry`, { hint });
}
