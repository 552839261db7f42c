import { createCipheriv, createHash } from 'node:crypto';
import { open, truncate, writeFile } from 'node:fs/promises';

/** A local file and what is known of its bytes. */
export interface BenchmarkFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

const BLOCK_BYTES = 1024 ** 2;

function* blockSizes(sizeBytes: number): Generator<number> {
  for (let left = sizeBytes; left > 0; left -= BLOCK_BYTES) yield Math.min(left, BLOCK_BYTES);
}

/** A file of bytes that no layer can compress or deduplicate, the same at every run: AES-CTR under a fixed key. */
export async function writeRandomFile(path: string, sizeBytes: number): Promise<BenchmarkFile> {
  const stream = createCipheriv('aes-256-ctr', Buffer.alloc(32, 1), Buffer.alloc(16));
  const zeros = Buffer.alloc(BLOCK_BYTES);
  const hash = createHash('sha256');
  const file = await open(path, 'wx');
  try {
    for (const blockBytes of blockSizes(sizeBytes)) {
      const block = stream.update(zeros.subarray(0, blockBytes));
      hash.update(block);
      await file.writeFile(block);
    }
  } finally {
    await file.close();
  }
  return { path, sizeBytes, sha256: hash.digest('hex') };
}

/** A file of zeros that takes no room on file systems with holes (on NTFS it is allocated, but not written). */
export async function writeSparseFile(path: string, sizeBytes: number): Promise<BenchmarkFile> {
  await writeFile(path, '', { flag: 'wx' });
  await truncate(path, sizeBytes);
  const zeros = Buffer.alloc(BLOCK_BYTES);
  const hash = createHash('sha256');
  for (const blockBytes of blockSizes(sizeBytes)) hash.update(zeros.subarray(0, blockBytes));
  return { path, sizeBytes, sha256: hash.digest('hex') };
}
