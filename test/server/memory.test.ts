import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { diskStore } from '../../src/server/store/disk-store.ts';
import { startBin } from '../cli/run-bin.ts';
import { peakMeter } from '../system/peak-memory.ts';
import { freshFolder } from './harness.ts';

const sizeBytes = 512 * 1024 ** 2;
/** Of that many zeros. */
const sha256 = '9acca8e8c22201155389f65abbf6bc9723edc7384ead80503839f49dcc56d767';
/** Far above what it takes, which grows with the load of the machine, and far below the file. */
const MOST_MIB = 300;

/** Windows has no signal that a process may answer: killed, it leaves no measurement. */
it.skipIf(process.platform === 'win32')(
  `finalize of a file of 512 MiB takes serve less than ${MOST_MIB} MiB`,
  async () => {
    const dir = await freshFolder();
    const id = '11111111-2222-4333-8444-555555555555';
    const store = await diskStore(dir);
    await store.create({ id, lengthBytes: sizeBytes });
    await store.close();
    await truncate(join(dir, '.incomplete', `${id}.data`), sizeBytes); // all zeros, none of them written

    const peak = peakMeter(join(await freshFolder(), 'peak'));
    const server = startBin(['serve', '--dir', dir, '--port', '0', '--quiet'], { node: peak.node });
    const url = (await server.until('stdout', /\n/)).trim();
    const answer = await fetch(`${url}/uploads/finalize`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ uploadId: id, filename: 'video.mp4' }),
    });
    expect(await answer.json()).toMatchObject({ size: sizeBytes, checksum: `sha256:${sha256}` });
    server.child.kill('SIGTERM');
    await server.ended;
    process.stdout.write(`peak memory, finalize of 512 MiB: ${Math.round(peak.mib())} MiB\n`);
    expect(peak.mib()).toBeLessThan(MOST_MIB);
  },
);
