import { createChunkReader } from '../send/chunk-reader.ts';
import { OtherContent, type Source } from './source.ts';

/**
 * Times can be set back after a rewrite, but not without touching the inode: only then the file is read once more.
 * Throws `input` where it no longer has the digest of what was read for sending.
 */
export async function assertSameContent(source: Source, sha256: string, signal?: AbortSignal): Promise<void> {
  if (!(await source.isTouched())) return;
  if ((await createChunkReader(source, signal).sha256()) === sha256) return;
  throw new OtherContent(source.name, 'its content, although its size and modification time are the same');
}
