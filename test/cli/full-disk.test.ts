import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { startServer } from '../../src/server/server.ts';
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

test.skipIf(process.platform === 'win32').each([
  [[], /^conformant: nothing that was tried is broken$/m],
  [['--json'], /"type":"verify.failed".*\n.*"type":"run.end",.*"exitCode":3,.*"pass":1,/],
] as const)(
  'what verify found is shown where a report could not be written, and the others are (%j)',
  async (flags, shown) => {
    const dir = await temporaryFolder();
    const server = await startServer({ host: '127.0.0.1', port: 0, dir, protocol: 'pulse' });
    onTestFinished(() => server.close());
    const report = join(dir, 'results.json');
    const args = ['verify', server.url, '--only', 'core.head.status', ...flags];
    const files = ['--report', `json=${report}`, '--report', 'markdown=/dev/null'];
    const ended = await new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      execFile(
        '/bin/sh',
        ['-c', NO_SPACE, process.execPath, bin, ...args, ...files],
        (error, stdout, stderr) => resolve({ code: error?.code, stdout, stderr }),
      );
    });
    expect(ended.stdout).toMatch(shown);
    expect(ended.stdout).not.toMatch(/^ .*results\.json/m);
    expect(ended.stderr).toContain(`error: --report ${report} could not be written: EFBIG\n next: the run`);
    expect(ended.stderr).not.toContain('/dev/null');
    expect(ended.code).toBe(3);
  },
);
