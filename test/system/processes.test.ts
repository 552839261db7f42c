import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { fromPs } from '../../src/system/processes.ts';

const ABOVE_ALL_PIDS = 2 ** 22 + 1;

describe('the look at a process by ps (macOS and the BSDs)', () => {
  it.skipIf(process.platform === 'win32')('tells one process from another that has its pid', async () => {
    const own = await fromPs(process.pid);
    expect(own).toMatchObject({ started: expect.stringMatching(/\d\d:\d\d:\d\d \d{4}$/) });
    expect(await fromPs(process.pid)).toEqual(own);
    expect(await fromPs(ABOVE_ALL_PIDS)).toEqual({});
  });
});
