import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { earlierNameOf, nameOf, type UploadKey } from './record.ts';

/** Where a record is, or would be: under the name that an earlier version gave it only where none has its own name. */
export function recordPath(dir: string, key: UploadKey): string {
  const own = ownPath(dir, key);
  if (existsSync(own)) return own;
  const earlier = join(dir, `${earlierNameOf(key)}.json`);
  return existsSync(earlier) ? earlier : own;
}

/** For who holds the upload's lock: its record has its own name from then on. */
export async function takeOwnName(dir: string, key: UploadKey): Promise<void> {
  const path = recordPath(dir, key);
  if (path !== ownPath(dir, key)) await rename(path, ownPath(dir, key));
}

function ownPath(dir: string, key: UploadKey): string {
  return join(dir, `${nameOf(key)}.json`);
}
