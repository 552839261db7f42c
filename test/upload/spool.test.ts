import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { openSpool } from '../../src/upload/source/spool.ts';
import { temporaryFolder } from '../cli/run-bin.ts';
import { beforeSync } from '../system/before-sync.ts';

/** An input of 3,000 bytes. */
const input = () => ({
  pieces: (async function* () {
    for (let left = 3; left > 0; left--) yield Buffer.alloc(1000, 'x');
  })(),
  close: () => undefined,
});

describe('a copy of standard input', () => {
  it('is on the disk, all of it, before it bears its name; then its folders are', async () => {
    const state = await temporaryFolder();
    const spool = await openSpool(state, 'a.mp4');
    const synced: string[] = [];
    await beforeSync(async (handle) => {
      const { ino, size } = await handle.stat();
      const places = { 'a.mp4': spool.path, folder: dirname(spool.path), spool: join(state, 'spool') };
      const inodes = await Promise.all(
        Object.entries(places).map(async ([name, path]) => [name, (await stat(path).catch(() => null))?.ino]),
      );
      const [name] = inodes.find(([, inode]) => inode === ino) ?? [];
      synced.push(String(name ?? (existsSync(spool.path) ? 'state' : `${size} bytes without a name`)));
    });
    expect(await spool.fill(input(), {})).toBe(3000);
    const folders = process.platform === 'win32' ? [] : ['folder', 'spool', 'state'];
    expect(synced).toEqual(['3000 bytes without a name', ...folders]);
  });

  it('is none where the disk does not take it in the end', async () => {
    const state = await temporaryFolder();
    const spool = await openSpool(state, 'a.mp4');
    await beforeSync(async () => {
      throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
    });
    await expect(spool.fill(input(), {})).rejects.toMatchObject({
      kind: 'input',
      message: expect.stringMatching(/^standard input could not be kept in .*: EIO; nothing was sent$/),
    });
    expect(await readdir(join(state, 'spool'))).toEqual([]);
  });
});
