import { readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { lockFolder } from '../../src/server/store/folder-lock.ts';
import { freshFolder } from './harness.ts';

describe('the lock of a folder', () => {
  it('says whose it is from the moment on that it is there: an empty one is taken for a dead one', async () => {
    const path = join(await freshFolder(), 'lock');
    const seen = new Set<string>();
    for (let round = 0; round < 100; round++) {
      let isTaken = false;
      const taking = lockFolder(path).finally(() => {
        isTaken = true;
      });
      while (!isTaken) {
        seen.add(contentOf(path));
        await nextTurn();
      }
      await (await taking)();
    }
    seen.delete('none');
    expect(seen.size).toBeGreaterThan(0);
    for (const text of seen) expect(text).toMatch(/^\{.*"pid":\d+.*\}$/);
    expect(await readdir(join(path, '..'))).toEqual([]);
  });

  it('stays where another server has taken it in the meantime', async () => {
    const path = join(await freshFolder(), 'lock');
    const unlock = await lockFolder(path);
    const other = JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), pid: 1 });
    await writeFile(path, other);
    await unlock();
    expect(await readFile(path, 'utf8')).toBe(other);
  });
});

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return 'none';
  }
}
