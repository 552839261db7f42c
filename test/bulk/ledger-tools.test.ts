import { createHash } from 'node:crypto';
import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { auditLedger } from '../../src/bulk/ledger/check.ts';
import { latestRecords } from '../../src/bulk/ledger/latest.ts';
import { openLedger } from '../../src/bulk/ledger/ledger-file.ts';
import { type Outcome, recordLine } from '../../src/bulk/ledger/ledger-record.ts';
import { mergeLedgers } from '../../src/bulk/ledger/merge.ts';
import { summarise } from '../../src/bulk/ledger/summary.ts';
import { folderOf, temporaryFolder } from './folder.ts';

const outcome = (file: string, changes: Partial<Outcome> = {}): Outcome => ({
  time: '2026-01-31T12:00:00.000Z',
  file,
  server: 'http://h/',
  status: 'done',
  sizeBytes: 1,
  mtime: 'm1',
  proven: true,
  attempts: 1,
  seconds: 0.5,
  ...changes,
});

const failed = { status: 'failed', kind: 'temporary', proven: false, message: 'no' } as const;
const later = { time: '2026-01-31T13:00:00.000Z' };

async function ledgers(...texts: readonly (readonly Outcome[])[]): Promise<readonly string[]> {
  const dir = await temporaryFolder();
  return Promise.all(
    texts.map(async (outcomes, index) => {
      const path = join(dir, `${index + 1}.jsonl`);
      await writeFile(path, outcomes.map(recordLine).join(''));
      return path;
    }),
  );
}

describe('the last word on a file', () => {
  const lastOf = async (...outcomes: readonly Outcome[]) => {
    const both = await latestRecords(await ledgers(outcomes));
    const reversed = await latestRecords(await ledgers(outcomes.toReversed()));
    expect(reversed).toEqual(both);
    return [...both.values()];
  };

  test('is that it is done, where another machine failed at the same state of it', async () => {
    expect(await lastOf(outcome('a'), outcome('a', { ...failed, ...later }))).toMatchObject([
      { status: 'done' },
    ]);
    expect(await lastOf(outcome('a', failed), outcome('a', later))).toMatchObject([{ status: 'done' }]);
    expect(await lastOf(outcome('a'), outcome('a', { ...later, proven: false }))).toMatchObject([
      { proven: true },
    ]);
  });

  test('is not that it is done, where its bytes at the server were found to be others later, until it is done again', async () => {
    const others = outcome('a', { ...failed, ...later, kind: 'integrity' });
    const stillLater = { time: '2026-01-31T14:00:00.000Z' };
    expect(await lastOf(outcome('a'), others)).toMatchObject([{ kind: 'integrity' }]);
    expect(await lastOf(outcome('a'), others, outcome('a', { ...failed, ...stillLater }))).toMatchObject([
      { status: 'failed' },
    ]);
    expect(await lastOf(others, outcome('a', { ...stillLater, proven: false }))).toMatchObject([
      { status: 'done' },
    ]);
  });

  test('is one, however the server was spelled', async () => {
    const api = outcome('a', { ...failed, server: 'http://h/api' });
    expect(await lastOf(api, outcome('a', { ...later, server: 'http://h/api/' }))).toMatchObject([
      { status: 'done' },
    ]);
    expect(await lastOf(api, outcome('a', { server: 'http://h/' }))).toHaveLength(2);
  });

  test('is the later one, where the file changed in between', async () => {
    const changed = outcome('a', { ...failed, ...later, mtime: 'm2' });
    expect(await lastOf(outcome('a'), changed)).toMatchObject([{ status: 'failed' }]);
  });

  test('is that it is done, where it could not be looked at later: without its mount, or deleted', async () => {
    const unseen = outcome('a', { ...failed, ...later, kind: 'input', sizeBytes: 0, mtime: '' });
    expect(await lastOf(outcome('a'), unseen)).toMatchObject([{ status: 'done', mtime: 'm1' }]);
    expect(await lastOf(outcome('a', { proven: false }), unseen)).toMatchObject([{ status: 'done' }]);
    expect(await lastOf(outcome('a', failed), unseen)).toMatchObject([{ kind: 'input' }]);
  });

  test('is another one for each server', async () => {
    expect(await lastOf(outcome('a'), outcome('a', { server: 'http://other/' }))).toHaveLength(2);
  });
});

describe('merging', () => {
  test('makes one ledger of several, sorted by file, that a run can go on with', async () => {
    const inputs = await ledgers([outcome('b'), outcome('c', failed)], [outcome('a'), outcome('c', later)]);
    const out = join(await temporaryFolder(), 'all.jsonl');
    await mergeLedgers(out, inputs);
    expect(await readFile(out, 'utf8')).toBe(
      [outcome('a'), outcome('b'), outcome('c', later)].map(recordLine).join(''),
    );
    const files: string[] = [];
    await (await openLedger(out, ({ file }) => files.push(file))).close();
    expect(files).toEqual(['a', 'b', 'c']);
  });

  test('adds to a ledger that is named among the others, and overwrites no other', async () => {
    const [first = '', second = ''] = await ledgers([outcome('a')], [outcome('b')]);
    await expect(mergeLedgers(first, [second])).rejects.toMatchObject({ kind: 'input', message: /exists/ });
    expect(await readFile(first, 'utf8')).toBe(recordLine(outcome('a')));
    await mergeLedgers(first, [first, second]);
    expect((await latestRecords([first])).size).toBe(2);
  });

  test('of what is not there, or to where nothing can be, says which, and leaves nothing behind', async () => {
    const [path = ''] = await ledgers([outcome('a')]);
    const dir = dirname(path);
    const missing = join(dir, 'none', 'x.jsonl');
    await expect(mergeLedgers(missing, [path])).rejects.toMatchObject({
      kind: 'input',
      message: `the ledger ${missing} cannot be used: ENOENT`,
    });
    for (const name of [missing, join(dir, 'x.jsonl')])
      await expect(mergeLedgers(join(dir, 'all.jsonl'), [path, name])).rejects.toMatchObject({
        kind: 'input',
        message: `there is no ledger at ${name}`,
      });
    expect(await readdir(dir)).toEqual(['1.jsonl']);
  });

  test('takes one ledger for one, however its path is spelt', async () => {
    const [path = ''] = await ledgers([outcome('a')]);
    const spelt = `${dirname(path)}/./1.jsonl`;
    expect((await mergeLedgers(path, [path, spelt])).size).toBe(1);
    expect((await mergeLedgers(`${path}.all`, [spelt, path])).size).toBe(1);
  });

  test('waits for nobody: a ledger that a run writes to is refused', async () => {
    const [path = ''] = await ledgers([outcome('a')]);
    const ledger = await openLedger(path, () => {});
    await expect(mergeLedgers(`${path}.all`, [path])).rejects.toMatchObject({ kind: 'temporary' });
    await ledger.close();
  });
});

test('a summary counts what is proven, done and failed', async () => {
  const [path = ''] = await ledgers([
    outcome('a', { sizeBytes: 5 }),
    outcome('b', { proven: false, sizeBytes: 7, ...later }),
    outcome('c', { ...failed, sizeBytes: 100 }),
  ]);
  expect(summarise((await latestRecords([path])).values())).toEqual({
    files: 3,
    proven: 1,
    unproven: 1,
    failed: 1,
    doneBytes: 12,
    failuresByKind: { temporary: 1 },
    firstTime: '2026-01-31T12:00:00.000Z',
    lastTime: '2026-01-31T13:00:00.000Z',
  });
});

test('an audit reads the bytes, and believes neither size nor times', async () => {
  const dir = await folderOf(['same.mp4', 'abc'], ['changed.mp4', 'abc'], ['missing.mp4', 'abc']);
  const sha256 = createHash('sha256').update('abc').digest('hex');
  const names = ['same.mp4', 'changed.mp4', 'missing.mp4'];
  const [path = ''] = await ledgers([
    ...names.map((name) => outcome(join(dir, name), { sha256, sizeBytes: 3 })),
    outcome(join(dir, 'never.mp4'), failed),
  ]);
  await writeFile(join(dir, 'changed.mp4'), 'abd');
  await utimes(join(dir, 'changed.mp4'), new Date('2026-01-31T12:00:00Z'), new Date('2026-01-31T12:00:00Z'));
  await utimes(join(dir, 'same.mp4'), 1, 1);
  await rm(join(dir, 'missing.mp4'));
  const verdicts = [];
  for await (const { verdict } of auditLedger(path)) verdicts.push(verdict);
  expect(verdicts).toEqual(['same', 'changed', 'missing']);
});
