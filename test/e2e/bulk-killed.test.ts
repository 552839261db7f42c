import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { freePort } from '../../fixtures/free-port.ts';
import { type ProxiedRequest, startFaultProxy } from '../../fixtures/proxies/fault-proxy.ts';
import { randomFaults } from '../../fixtures/proxies/random-faults.ts';
import { latestRecords } from '../../src/bulk/ledger/latest.ts';
import type { LedgerRecord } from '../../src/bulk/ledger/ledger-record.ts';
import { run, runAndKill, serve, temporaryFolder } from './bin.ts';

const SMALL_FILES = 2_000;
const LARGE_FILES = 3;
const LARGE_BYTES = 12 * 1_048_576;

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Digests by name: names are the same on disk and on the server. */
function writeRecordings(dir: string): ReadonlyMap<string, string> {
  const digests = new Map<string, string>();
  const write = (name: string, bytes: Buffer) => {
    mkdirSync(join(dir, name.slice(0, 2)), { recursive: true });
    writeFileSync(join(dir, name.slice(0, 2), name), bytes);
    digests.set(name, sha256(bytes));
  };
  for (let index = 0; index < SMALL_FILES; index += 1)
    write(`${String(index).padStart(4, '0')}.mp4`, randomBytes(index % 7 === 0 ? index : 200 + index));
  for (let index = 0; index < LARGE_FILES; index += 1) write(`99-${index}.mp4`, randomBytes(LARGE_BYTES));
  return digests;
}

async function provenNames(ledger: string): Promise<ReadonlySet<string>> {
  const records = [...(await latestRecords([ledger])).values()];
  return new Set(records.filter(({ proven }) => proven).map(nameOf));
}

const nameOf = ({ file }: LedgerRecord) => file.split(/[/\\]/).at(-1) ?? '';

/** The names of the files for which these requests made uploads. */
function createdNames(requests: readonly ProxiedRequest[]): readonly string[] {
  return requests.flatMap(({ method, path, headers }) => {
    const name = /filename ([^,]+)/.exec(headers['upload-metadata'] ?? '')?.[1];
    return method === 'POST' && path === '/uploads' && name !== undefined
      ? [Buffer.from(name, 'base64').toString()]
      : [];
  });
}

it('thousands of files, a line that breaks, a client killed three times and a server once: every byte is proven, and what was proven is not sent again', async () => {
  const dir = temporaryFolder();
  const digests = writeRecordings(join(dir, 'recordings'));
  const ledger = join(dir, 'ledger.jsonl');
  let server = await serve(join(dir, 'uploads'), await freePort());
  const proxy = await startFaultProxy({
    target: server.url,
    faults: randomFaults({ seed: 7, count: 80, requests: 9_000, bodyBytes: 2_000, maxMs: 200 }),
  });
  const args = ['-r', join(dir, 'recordings'), '--server', proxy.url, '--ledger', ledger, '--min-age', '0'];
  const more = ['--jobs', '8', '--retry-delay', '100ms', '--order-by', 'size,desc'];
  const all = [...args, ...more];
  const state = join(dir, 'state');

  const after = (files: number, then: () => void) => {
    let done = 0;
    return ({ type }: Readonly<Record<string, unknown>>) => {
      if (type !== 'upload.done') return false;
      done += 1;
      if (done === files) then();
      return false;
    };
  };
  const proven: ReadonlySet<string>[] = [];
  const runUntilKilled = async (files: number) => {
    let isTime = false;
    const count = after(files, () => (isTime = true));
    const killed = await runAndKill(all, state, 'SIGKILL', (event) => count(event) || isTime);
    expect(killed.signal).toBe('SIGKILL');
    proven.push(await provenNames(ledger));
  };

  // While a large file is under way, and twice among the small ones.
  const seenBefore: number[] = [];
  for (const files of [2, 500, 500]) {
    await runUntilKilled(files);
    seenBefore.push(proxy.log.length);
  }
  const restart = async () => {
    await server.kill('SIGKILL');
    server = await serve(join(dir, 'uploads'), Number(new URL(server.url).port));
  };
  let restarted: Promise<void> | undefined;
  const last = await runAndKill(
    all,
    state,
    'SIGCONT',
    after(300, () => {
      restarted = restart();
    }),
  );
  await restarted;
  expect(restarted).toBeDefined();
  expect(last.stderr).not.toContain('unexpected error');
  // A fault may have cost a file its last try: then the same command has that one left.
  const end = last.code === 0 ? last : await run([...all, '--json'], state);
  expect(end.code).toBe(0);

  const records = [...(await latestRecords([ledger])).values()];
  expect(new Map(records.map((record) => [nameOf(record), record.sha256]))).toEqual(digests);
  expect(records.filter((record) => record.proven)).toHaveLength(SMALL_FILES + LARGE_FILES);
  const stored = readdirSync(join(dir, 'uploads')).filter((name) => name.endsWith('.mp4'));
  expect(stored.toSorted()).toEqual([...digests.keys()].toSorted());
  for (const name of stored) expect(sha256(readFileSync(join(dir, 'uploads', name)))).toBe(digests.get(name));
  for (const [index, from] of seenBefore.entries()) {
    const before = proven[index] ?? new Set();
    expect(before.size).toBeGreaterThan(0);
    expect(createdNames(proxy.log.slice(from)).filter((name) => before.has(name))).toEqual([]);
  }
  expect(resolve(records[0]?.file ?? '')).toBe(records[0]?.file);
  await proxy.close();
}, 900_000);
