import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startFaultProxy } from '../../fixtures/proxies/fault-proxy.ts';
import { latestRecords } from '../../src/bulk/ledger/latest.ts';
import { mergeLedgers } from '../../src/bulk/ledger/merge.ts';
import { serve, temporaryFolder } from './bin.ts';

const FILES = 200;
const WORKERS = 4;

// moreutils has another tool of this name.
const isHere = spawnSync('parallel', ['--version'], { encoding: 'utf8' }).stdout?.includes('GNU parallel');
if (!isHere) process.stdout.write('skipped: GNU parallel is not installed (apt-get install parallel)\n');

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The process that writes to a ledger, once it holds so many records. */
async function workerOf(ledger: string, records: number): Promise<number> {
  for (;;) {
    const lines = () => readFileSync(ledger, 'utf8').split('\n').length - 1;
    try {
      if (lines() >= records)
        return (JSON.parse(readFileSync(`${ledger}.lock`, 'utf8')) as { pid: number }).pid;
    } catch {
      // The worker has not begun.
    }
    await sleep(20);
  }
}

it.skipIf(!isHere)(
  'GNU parallel shares 200 files out; a worker that is killed is started again, and no file is sent twice',
  async () => {
    const dir = temporaryFolder();
    const recordings = join(dir, 'recordings');
    mkdirSync(recordings);
    const digests = new Map<string, string>();
    for (let index = 0; index < FILES; index += 1) {
      const bytes = randomBytes(1_000 + index * 100);
      writeFileSync(join(recordings, `${index}.mp4`), bytes);
      digests.set(`${index}.mp4`, sha256(bytes));
    }
    const server = await serve(join(dir, 'uploads'));
    const proxy = await startFaultProxy({ target: server.url });
    const ledgers = Array.from({ length: WORKERS }, (_, index) => join(dir, `shard-${index + 1}.jsonl`));
    // As in docs/at-scale.md; slowed down, so that the kill comes in the middle.
    const command = [
      ...[process.execPath, resolve('bin/pulse-upload.js'), '-r', recordings, '--server', proxy.url],
      ...['--shard', `{}/${WORKERS}`, '--ledger', join(dir, 'shard-{}.jsonl')],
      ...['--min-age', '0', '--quiet', '--limit-rate', '60KiB'],
    ];
    const shares = Array.from({ length: WORKERS }, (_, index) => String(index + 1));
    const joblog = join(dir, 'joblog');
    const parallel = spawn(
      'parallel',
      [
        '--will-cite',
        '--jobs',
        String(WORKERS),
        '--retries',
        '3',
        '--joblog',
        joblog,
        ...command,
        ':::',
        ...shares,
      ],
      {
        env: { ...process.env, PULSE_UPLOAD_STATE_DIR: join(dir, 'state'), HOME: dir },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    onTestFinished(() => void parallel.kill('SIGKILL'));
    let stderr = '';
    parallel.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const ended = once(parallel, 'close');

    const [, killed = ''] = ledgers;
    process.kill(await workerOf(killed, 5), 'SIGKILL');
    const provenBefore = new Set([...(await latestRecords([killed])).values()].map(({ file }) => file));
    expect(provenBefore.size).toBeLessThan(FILES / WORKERS);
    const requestsBefore = proxy.log.length;
    expect({ code: (await ended)[0], stderr }).toEqual({ code: 0, stderr: '' });

    const all = await mergeLedgers(join(dir, 'all.jsonl'), ledgers);
    const records = [...all.values()];
    const nameOf = (file: string) => file.split('/').at(-1) ?? '';
    expect(new Map(records.map(({ file, sha256 }) => [nameOf(file), sha256]))).toEqual(digests);
    expect(records.every(({ proven }) => proven)).toBe(true);
    // A file that was sent twice would be stored under a second name.
    const stored = readdirSync(join(dir, 'uploads')).filter((name) => name.endsWith('.mp4'));
    expect(stored.toSorted()).toEqual([...digests.keys()].toSorted());
    const created = proxy.log.slice(requestsBefore).flatMap(({ method, headers }) => {
      const name = /filename ([^,]+)/.exec(headers['upload-metadata'] ?? '')?.[1];
      return method === 'POST' && name !== undefined ? [Buffer.from(name, 'base64').toString()] : [];
    });
    expect(created.filter((name) => [...provenBefore].map(nameOf).includes(name))).toEqual([]);
    expect(readFileSync(joblog, 'utf8').trim().split('\n')).toHaveLength(1 + WORKERS);
    await proxy.close();
  },
  300_000,
);
