import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { renameOver } from '../../src/system/rename.ts';

/** A system that refuses so many times, and what it was asked to wait. */
function refusing(platform: NodeJS.Platform, times: number, code = 'EPERM') {
  const waitedMs: number[] = [];
  let left = times;
  const system = {
    platform,
    sleep: async (ms: number) => void waitedMs.push(ms),
    rename: async (from: string, to: string) => {
      left -= 1;
      if (left >= 0) throw Object.assign(new Error(`${code}: rename`), { code });
      await rename(from, to);
    },
  };
  return { system, waitedMs };
}

async function twoFiles() {
  const dir = await mkdtemp(join(tmpdir(), 'pulse-upload-test-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const [from, to] = [join(dir, 'new'), join(dir, 'old')] as const;
  await Promise.all([writeFile(from, 'new'), writeFile(to, 'old')]);
  return { from, to };
}

describe('a rename onto a name that is taken', () => {
  it('is repeated on Windows while somebody has the file open', async () => {
    for (const code of ['EPERM', 'EACCES', 'EBUSY']) {
      const { from, to } = await twoFiles();
      const { system, waitedMs } = refusing('win32', 3, code);
      await renameOver(from, to, system);
      expect(await readFile(to, 'utf8')).toBe('new');
      expect(waitedMs).toEqual([10, 20, 40]);
    }
  });

  it('is given up there in the end, with the refusal', async () => {
    const { from, to } = await twoFiles();
    const { system, waitedMs } = refusing('win32', Number.POSITIVE_INFINITY);
    await expect(renameOver(from, to, system)).rejects.toMatchObject({ code: 'EPERM' });
    expect(waitedMs).toHaveLength(7);
    expect(await readFile(to, 'utf8')).toBe('old');
  });

  it('is not repeated after another error, nor on another system', async () => {
    const { from, to } = await twoFiles();
    for (const { system, waitedMs } of [refusing('win32', 1, 'ENOSPC'), refusing('linux', 1)]) {
      await expect(renameOver(from, to, system)).rejects.toMatchObject({ code: expect.any(String) });
      expect(waitedMs).toEqual([]);
    }
  });
});
