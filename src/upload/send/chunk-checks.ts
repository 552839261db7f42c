import type { Job } from '../job.ts';
import type { OpenUpload } from '../open/open-upload.ts';

/** What a run has seen of what the server does with the checksums of chunks. */
export interface ChunkChecks {
  /** `compares`: a chunk with a wrong one was refused, and nothing of it stored. `ignores`: it was stored. */
  seen?: 'compares' | 'ignores';
  /** How often the answer to a wrong one was of no use. */
  tries?: number;
  /** It refuses what it lists: no more are sent. */
  givenUp?: true;
}

/** How far an upload is proven by the checksums of its chunks. */
export interface Checked {
  /** Every byte up to here came with a checksum, and the server acknowledged it in its answer to that very chunk. */
  readonly bytes: number;
  /** Present where that ends before the offset: no later chunk can close the gap. */
  readonly gap?: string;
}

/** What is known of an upload before anything more of it is sent. */
export function checkedBefore({
  offsetBytes,
  checked,
  record,
}: Pick<OpenUpload, 'offsetBytes' | 'checked' | 'record'>): Checked {
  if (checked !== undefined) return afterHead(checked, offsetBytes);
  const { checkedBytes = 0, prefix } = record;
  // Only of a prefix whose digest was compared with the file is it known that it is still the one that was checked.
  const bytes = Math.min(checkedBytes, prefix.bytes, offsetBytes);
  return bytes === offsetBytes
    ? { bytes }
    : {
        bytes,
        gap: 'the bytes that were there already are not known to have been compared',
      };
}

/** The server acknowledged a chunk that came with its checksum, up to this offset. */
export function afterAnswer(
  checked: Checked,
  chunk: {
    readonly offsetBytes: number;
    readonly endBytes: number;
    readonly hasChecksum: boolean;
    readonly isUncompared?: true;
  },
  acceptedBytes: number,
): Checked {
  if (checked.gap !== undefined) return checked;
  if (!chunk.hasChecksum) return { ...checked, gap: 'not every chunk was sent with a checksum' };
  // A checksum is that of the whole chunk: of a part that was taken it says nothing.
  if (acceptedBytes < chunk.endBytes)
    return { ...checked, gap: 'the server took a part of a chunk, whose checksum is that of the whole' };
  if (chunk.isUncompared)
    return { ...checked, gap: 'bytes were sent again whose first reading was too long ago to be compared' };
  return { bytes: acceptedBytes };
}

/** A chunk whose answer was lost was taken again, and nobody says what is there. */
export function afterRepeat({ bytes }: Checked, offsetBytes: number): Checked {
  const gap = 'a chunk whose answer was lost was sent again, and may be there twice';
  return { bytes: Math.min(bytes, offsetBytes), gap };
}

/** The same, going on at this offset: where it is beyond what was checked, HEAD or a refusal named it. */
export function afterHead(checked: Checked, offsetBytes: number): Checked {
  if (offsetBytes <= checked.bytes) return { bytes: offsetBytes };
  return checked.gap !== undefined
    ? checked
    : {
        ...checked,
        gap: 'the answer to a chunk was lost, and with it whether its checksum was compared',
      };
}

/** Why the checksums of the chunks do not prove the upload; undefined where they do. */
export function gapIn(
  { digest, tools }: Pick<Job, 'digest' | 'tools'>,
  { offsetBytes }: Pick<OpenUpload, 'offsetBytes'>,
  checked: Checked,
  sizeBytes: number,
): string | undefined {
  const { seen, givenUp } = tools.host.chunkChecks;
  if (digest === undefined) return 'no checksums were sent';
  if (givenUp) return 'the server refuses the checksums that it lists';
  if (seen === 'ignores') return 'the server takes a chunk whose checksum is wrong';
  if (!digest.isStrong) return `${digest.algorithm} is too short to prove anything`;
  if (checked.gap !== undefined) return checked.gap;
  if (sizeBytes === 0) return 'it is empty, so that no chunk was compared';
  // What the record says of an earlier run was written because the server was seen to compare.
  const isSeen = seen === 'compares' || offsetBytes === sizeBytes;
  return isSeen && checked.bytes === sizeBytes ? undefined : 'the server was not seen to compare checksums';
}
