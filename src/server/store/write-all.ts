import type { Writer } from './store.ts';

/** Writes all the bytes at their place, in as many steps as the disk takes; resolves to their number. */
export async function writeAll(bytes: Uint8Array, positionBytes: number, writer: Writer): Promise<number> {
  let written = 0;
  while (written < bytes.length) {
    written += await writer.write([bytes.subarray(written)], positionBytes + written);
  }
  return bytes.length;
}
