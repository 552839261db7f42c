import { closeSync, futimesSync, mkdirSync, openSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isoTime, recordLine } from '../../src/bulk/ledger/ledger-record.ts';
import { runBin, temporaryFolder } from '../cli/run-bin.ts';
import { peakMeter } from '../system/peak-memory.ts';

const FILES = 100_000;
const PER_FOLDER = 1_000;
/** What issue 5 allows for 100,000 entries. */
const MOST_MIB = 250;
/** What Node 20 takes by itself. Node 24 lets garbage grow to several times as much on a large machine. */
const YOUNG_MIB = 16;

it(`${FILES} files are planned, compared with a ledger and skipped in at most ${MOST_MIB} MiB`, async () => {
  const dir = await temporaryFolder();
  const ledger = join(dir, 'ledger.jsonl');
  const descriptor = openSync(ledger, 'w');
  for (let folder = 0; folder < FILES / PER_FOLDER; folder += 1) {
    const below = join(dir, 'recordings', `camera-${String(folder).padStart(3, '0')}`);
    mkdirSync(below, { recursive: true });
    for (let number = 0; number < PER_FOLDER; number += 1) {
      const path = join(below, `2026-01-31T12-00-00.recording-${String(number).padStart(4, '0')}.mp4`);
      const file = openSync(path, 'w');
      futimesSync(file, 1_769_860_800, 1_769_860_800);
      closeSync(file);
      const line = recordLine({
        time: '2026-01-31T12:00:00.000Z',
        file: path,
        server: 'http://127.0.0.1:1/',
        status: 'done',
        sizeBytes: 0,
        mtime: isoTime(1_769_860_800_000_000_000n),
        sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        url: 'http://127.0.0.1:1/uploads/9d1c2f3e-0000-4000-8000-000000000000',
        videoId: '9d1c2f3e-0000-4000-8000-000000000000',
        proven: true,
        attempts: 1,
        seconds: 0.1,
      });
      // The first folder is not in the ledger: that much is left to do.
      if (folder > 0) writeFileSync(descriptor, line);
    }
  }
  closeSync(descriptor);
  expect(statSync(ledger).size).toBeGreaterThan(40_000_000);

  const peak = peakMeter(join(dir, 'peak'));
  const node = [`--max-semi-space-size=${YOUNG_MIB}`, ...peak.node];
  const args = [
    '-r',
    join(dir, 'recordings'),
    '--server',
    'http://127.0.0.1:1',
    '--json',
    '--order-by',
    'size',
  ];
  const measured = async (more: readonly string[]) => {
    const env = { PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
    const { code, stdout } = await runBin([...args, ...more], { node, env });
    const end = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '{}');
    return { code, end, mib: peak.mib() };
  };
  const most = (name: string, { mib }: { mib: number }) => {
    process.stdout.write(`peak memory, ${name}: ${Math.round(mib)} MiB\n`);
    expect(mib).toBeLessThan(MOST_MIB);
  };

  const everything = await measured(['--dry-run']);
  expect(everything).toMatchObject({ code: 0, end: { notAttempted: FILES } });
  most('everything to send', everything);

  // Nothing listens there: what is left is tried, and stops the run.
  const rest = await measured([
    '--ledger',
    ledger,
    '--max-outage',
    '1ms',
    '--retries',
    '0',
    '--shard',
    '1/1',
  ]);
  expect(rest).toMatchObject({ code: 4, end: { skipped: FILES - PER_FOLDER, done: 0 } });
  most('nearly everything done', rest);
}, 600_000);
