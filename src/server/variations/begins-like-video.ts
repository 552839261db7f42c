import type { Parts } from '../parts.ts';
import type { LiveUpload } from '../store/live-uploads.ts';

/** The box that says what it is, with the brand in it: what is shorter is no video (the reference implementation of v1). */
const HEAD_BYTES = 12;

/** Whether an upload begins as an MP4 file does. The empty file is another question. */
export async function beginsLikeVideo(upload: LiveUpload, { store }: Parts): Promise<boolean> {
  let head = Buffer.alloc(0);
  for await (const bytes of store.read(upload)) {
    head = Buffer.concat([head, bytes]);
    if (head.length >= HEAD_BYTES) break;
  }
  if (head.length === 0) return true;
  return head.length >= HEAD_BYTES && head.subarray(4, 8).toString('latin1') === 'ftyp';
}
