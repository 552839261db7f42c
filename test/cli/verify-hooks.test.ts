import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { readBackBy, restartBy } from '../../src/cli/verify/hooks.ts';
import { Blocked } from '../../src/verify/check.ts';

const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-hooks-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** A node program as a shell command, so that it is the same in sh and in cmd. */
const node = (program: string) => `"${process.execPath}" -e "${program}"`;
const upload = { url: 'http://127.0.0.1/u/7', id: '7; rm -rf /', filename: 'a.bin' };

describe('--read-back', () => {
  test('gives what the command prints, and tells it the upload by its environment only', async () => {
    const command = node("process.stdout.write([0, 255].map((n) => n + process.env.UPLOAD_ID).join('|'))");
    expect(Buffer.from((await readBackBy(command)(upload)) as Uint8Array).toString()).toBe(
      '07; rm -rf /|2557; rm -rf /',
    );
    const others = node("process.stdout.write(process.env.UPLOAD_URL + ' ' + process.env.UPLOAD_FILENAME)");
    expect(Buffer.from((await readBackBy(others)(upload)) as Uint8Array).toString()).toBe(
      'http://127.0.0.1/u/7 a.bin',
    );
  });

  test('keeps bytes as they are', async () => {
    const bytes = await readBackBy(node('process.stdout.write(Buffer.from([0, 255, 10, 13]))'))(upload);
    expect([...(bytes as Uint8Array)]).toEqual([0, 255, 10, 13]);
  });

  test('says the last thing that a failing command said', async () => {
    const failing = node("console.error('one\\ntwo: no such file'); process.exitCode = 1");
    expect(await readBackBy(failing)(upload)).toEqual({ failed: 'exit code 1: two: no such file' });
  });

  test('says how the command failed, and takes nothing from it', async () => {
    expect(await readBackBy(node("process.stdout.write('half'); process.exitCode = 3"))(upload)).toEqual({
      failed: 'exit code 3',
    });
  });

  test('is ended when its time is over, with all that it started, and is said to have been too slow', async () => {
    const path = join(dir, 'pid').replaceAll('\\', '/');
    // The shell waits for the program, and has one more command to go on with.
    const slow = `${node(`require('fs').writeFileSync('${path}', '' + process.pid); setTimeout(() => {}, 60000)`)} && echo late`;
    const startMs = performance.now();
    expect(await readBackBy(slow, 2000)(upload)).toEqual({ failed: 'it took longer than 2 s' });
    expect(performance.now() - startMs).toBeLessThan(20_000);
    const pid = Number(readFileSync(path, 'utf8'));
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 10_000 });
  });
});

describe('--restart-cmd', () => {
  test('is over when the command is', async () => {
    const path = join(dir, 'restarted').replaceAll('\\', '/');
    await restartBy(node(`setTimeout(() => require('fs').writeFileSync('${path}', 'yes'), 200)`))();
    expect(readFileSync(path, 'utf8')).toBe('yes');
  });

  test('that fails blocks the checks that need it', async () => {
    const failing = restartBy(node('process.exitCode = 4'))();
    await expect(failing).rejects.toThrow(Blocked);
    await expect(failing).rejects.toThrow('the restart command failed: exit code 4');
  });

  test('that takes too long is said to have done so', async () => {
    const slow = restartBy(node('setTimeout(() => {}, 5000)'), 100)();
    await expect(slow).rejects.toThrow('the restart command failed: it took longer than 0.1 s');
  });

  test.skipIf(process.platform === 'win32')('does not wait for the server that it started', async () => {
    const startMs = performance.now();
    await restartBy('sleep 20 &')();
    expect(performance.now() - startMs).toBeLessThan(10_000);
  });
});
