import { stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store, Writer } from '../../src/server/store/store.ts';

const ZEROS = Buffer.alloc(1024 * 1024);

/** Keeps zeros as holes, so that a file of gigabytes takes no room on the disk. */
export function sparse(dir: string): (store: Store) => Store {
  return (store) => ({
    ...store,
    write: async (id) => sparseWriter(await store.write(id), join(dir, '.incomplete', `${id}.data`)),
  });
}

function sparseWriter(writer: Writer, path: string): Writer {
  return {
    write: async (pieces, positionBytes) => {
      if (!pieces.every(isZero)) return writer.write(pieces, positionBytes);
      const lengthBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
      const endBytes = positionBytes + lengthBytes;
      if ((await stat(path)).size < endBytes) await truncate(path, endBytes);
      return lengthBytes;
    },
    close: () => writer.close(),
  };
}

function isZero(piece: Uint8Array): boolean {
  for (let at = 0; at < piece.length; at += ZEROS.length) {
    const part = piece.subarray(at, at + ZEROS.length);
    if (!ZEROS.subarray(0, part.length).equals(part)) return false;
  }
  return true;
}
