import type { Parts } from '../parts.ts';
import type { LiveUpload } from '../store/live-uploads.ts';

const MOST_HEAD_BYTES = 12;

/** Whether an upload begins as an MP4 file does. What is too short to tell is taken for what it says it is. */
export async function beginsLikeVideo(upload: LiveUpload, { store }: Parts): Promise<boolean> {
  let head = Buffer.alloc(0);
  for await (const bytes of store.read(upload)) {
    head = Buffer.concat([head, bytes]);
    if (head.length >= MOST_HEAD_BYTES) break;
  }
  return head.length < 8 || head.subarray(4, 8).toString('latin1') === 'ftyp';
}
