import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { bin, temporaryFolder } from './run-bin.ts';

/** Every write to a file fails there, and creating one does not: what a full disk does as well. */
const NO_SPACE = 'trap "" XFSZ; ulimit -f 0; exec "$0" "$@"';

test.skipIf(process.platform === 'win32')(
  'a state folder that takes no byte is exit 3, and keeps no file that was begun',
  async () => {
    const dir = await temporaryFolder();
    const file = join(dir, 'video.mp4');
    const state = join(dir, 'state');
    await writeFile(file, 'content');
    const args = ['-c', NO_SPACE, process.execPath, bin, file, '--server', 'http://127.0.0.1:1'];
    const options = { env: { ...process.env, PULSE_UPLOAD_STATE_DIR: state } };
    const ended = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile('/bin/sh', [...args, '--protocol', 'tus', '--retries', '0'], options, (error, _, stderr) =>
        resolve({ code: error?.code, stderr }),
      );
    });
    expect(ended.stderr).toContain('the state folder');
    expect(ended.stderr).not.toContain('Warning');
    expect(ended.code).toBe(3);
    expect(await readdir(state)).toEqual([]);
  },
);
