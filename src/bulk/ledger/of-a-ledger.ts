import { open, stat } from 'node:fs/promises';
import { fsPath } from '../../upload/source/path-text.ts';
import { RECORD_START } from './ledger-record.ts';

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

/**
 * A ledger's lock, what is beside it while it is taken (src/upload/state/lock.ts), and a ledger that is being replaced.
 * They come and go within moments: their names have to do.
 */
const BESIDE = new RegExp(`\\.jsonl\\.(?:lock(?:\\.(?:${UUID}|[0-9a-f]{16}))?|${UUID}\\.tmp)$`);

/**
 * Whether a file in a folder is a ledger, of this run or any other, or lies beside one while it is in use. An empty
 * `.jsonl` is a ledger in which nothing stands yet: shares of one folder must agree on its files, whenever each looks.
 */
export async function isOfLedger(file: string): Promise<boolean> {
  if (BESIDE.test(file)) return true;
  return file.endsWith('.jsonl') && beginsAsLedger(file);
}

/** What cannot be read is no ledger that is known as one. */
async function beginsAsLedger(file: string): Promise<boolean> {
  try {
    // Whoever opens a pipe waits for somebody at its other end.
    if (!(await stat(fsPath(file))).isFile()) return false;
    const handle = await open(fsPath(file), 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(RECORD_START.length), 0);
      // A crash may have torn its first line, or left blocks that were promised and not written (NUL).
      return RECORD_START.startsWith(buffer.toString('latin1', 0, bytesRead).replace(/\0+$/, ''));
    } finally {
      await handle.close();
    }
  } catch {
    return false;
  }
}
