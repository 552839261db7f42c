import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** The upload of this record in the state folder is being worked on, as it seems: by the process of the test. */
export async function holdLock(state: string, recordName: string): Promise<void> {
  const owner = { pid: process.pid, host: hostname(), nonce: 'n' };
  await writeFile(join(state, recordName.replace(/json$/, 'lock')), JSON.stringify(owner));
}
