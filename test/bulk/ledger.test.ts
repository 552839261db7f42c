import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openLedger, readLedger } from '../../src/bulk/ledger/ledger-file.ts';
import { isoTime, type LedgerRecord, type Outcome, recordLine } from '../../src/bulk/ledger/ledger-record.ts';
import { temporaryFolder } from './folder.ts';

const outcome = (file: string): Outcome => ({
  time: '2026-01-31T12:00:00.000Z',
  file,
  server: 'http://h/',
  status: 'done',
  sizeBytes: 1,
  mtime: '',
  proven: true,
  attempts: 1,
  seconds: 0.5,
});

async function ledgerPath(text?: string | Buffer): Promise<string> {
  const path = join(await temporaryFolder(), 'ledger.jsonl');
  if (text !== undefined) await writeFile(path, text);
  return path;
}

async function reopened(path: string): Promise<readonly string[]> {
  const files: string[] = [];
  const ledger = await openLedger(path, ({ file }) => files.push(file));
  await ledger.close();
  return files;
}

describe('a ledger', () => {
  test('keeps every record, in order, also of appends that overlap', async () => {
    const path = await ledgerPath();
    const ledger = await openLedger(path, () => {});
    await Promise.all(['a', 'b', 'caf\udce9'].map((file) => ledger.append(outcome(file))));
    await ledger.close();
    const records: LedgerRecord[] = [];
    await readLedger(path, (record) => records.push(record));
    expect(records).toEqual(['a', 'b', 'caf\udce9'].map((file) => ({ ledger: 1, ...outcome(file) })));
  });

  test('has each record in the file by the time its append has ended, also where several went together', async () => {
    const path = await ledgerPath();
    const ledger = await openLedger(path, () => {});
    const names = Array.from({ length: 40 }, (_, number) => String(number));
    await Promise.all(
      names.map(async (name) => {
        await ledger.append(outcome(name));
        expect(await readFile(path, 'utf8')).toContain(recordLine(outcome(name)));
      }),
    );
    await ledger.append(outcome('last'));
    await ledger.close();
    expect(await reopened(path)).toEqual([...names, 'last']);
  });

  test('that cannot be written says so to everyone who waits', async () => {
    const ledger = await openLedger(await ledgerPath(), () => {});
    await ledger.close();
    const all = await Promise.allSettled(['a', 'b', 'c'].map((file) => ledger.append(outcome(file))));
    expect(all).toMatchObject(Array(3).fill({ status: 'rejected', reason: { kind: 'input' } }));
  });

  test('that was written to in part is whole again for the next run, whatever else waited to be written', async () => {
    const path = await ledgerPath(recordLine(outcome('earlier')));
    const ledger = await openLedger(path, () => {});
    const handle = await open(path, 'r');
    const prototype = Object.getPrototypeOf(handle) as Pick<FileHandle, 'appendFile' | 'write'>;
    await handle.close();
    // A disk that is full, and a moment later is not.
    const full = vi.spyOn(prototype, 'appendFile').mockImplementationOnce(async function (
      this: FileHandle,
      lines,
    ) {
      await this.write(String(lines).slice(0, 20));
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    });
    onTestFinished(() => full.mockRestore());
    const all = await Promise.allSettled(['a', 'b', 'c'].map((file) => ledger.append(outcome(file))));
    const later = await ledger.append(outcome('d')).catch((error) => error);
    await ledger.close();
    expect(all).toMatchObject(Array(3).fill({ status: 'rejected', reason: { kind: 'input' } }));
    expect(later).toMatchObject({ kind: 'input', message: expect.stringContaining('ENOSPC') });
    expect(await readFile(path, 'utf8')).toBe(
      recordLine(outcome('earlier')) + recordLine(outcome('a')).slice(0, 20),
    );
    expect(await reopened(path)).toEqual(['earlier']);
  });

  test('that another run has taken over is not written to any more', async () => {
    const path = await ledgerPath();
    const ledger = await openLedger(path, () => {}, { beatMs: 20, silenceMs: 900_000, takeoverMs: 10_000 });
    const lost = once(ledger.lost, 'abort');
    await writeFile(`${path}.lock`, JSON.stringify({ pid: 1, host: 'elsewhere', nonce: 'other' }));
    await lost;
    await expect(ledger.append(outcome('a'))).rejects.toBe(ledger.lost.reason);
    await ledger.close();
    expect(await readFile(path, 'utf8')).toBe('');
  });

  test('that is removed or renamed while it is written to is written anew, with all that it held', async () => {
    for (const vanish of [rm, (path: string) => rename(path, `${path}.1`)]) {
      const path = await ledgerPath(recordLine(outcome('earlier')));
      const ledger = await openLedger(path, () => {});
      expect(await ledger.append(outcome('a'))).toBe('added');
      await vanish(path);
      expect(await Promise.all([ledger.append(outcome('b')), ledger.append(outcome('c'))])).toEqual([
        'anew',
        'anew',
      ]);
      expect(await ledger.append(outcome('d'))).toBe('added');
      await ledger.close();
      expect(await reopened(path)).toEqual(['earlier', 'a', 'b', 'c', 'd']);
      expect((await readdir(dirname(path))).filter((name) => /lock|tmp/.test(name))).toEqual([]);
    }
  });

  test('that is larger than one piece is written anew as it was', async () => {
    const many = Array.from({ length: 5_000 }, (_, number) => recordLine(outcome(`file ${number}`))).join('');
    const path = await ledgerPath(many);
    const ledger = await openLedger(path, () => {});
    await rm(path);
    await ledger.append(outcome('last'));
    await ledger.close();
    expect(await readFile(path, 'utf8')).toBe(many + recordLine(outcome('last')));
  });

  test.each([
    ['replaced by another file', (path: string) => rename(`${path}.other`, path), /replaced by another file/],
    ['emptied', (path: string) => truncate(path), /was emptied/],
  ])(
    'that is %s while it is written to is an error, and the other one is left alone',
    async (_, change, says) => {
      const path = await ledgerPath(recordLine(outcome('earlier')));
      const ledger = await openLedger(path, () => {});
      const other = recordLine(outcome('other'));
      await writeFile(`${path}.other`, other);
      await change(path);
      await expect(ledger.append(outcome('a'))).rejects.toMatchObject({ kind: 'input', message: says });
      await ledger.close();
      if (_.startsWith('replaced')) expect(await readFile(path, 'utf8')).toBe(other);
    },
  );

  test('whose file has another number by now is still the same where it ends as it should', async () => {
    const path = await ledgerPath();
    const ledger = await openLedger(path, () => {});
    await ledger.append(outcome('a'));
    // What some network file systems show of one file, made with two: the other one gets every line as well.
    const both = outcome('b');
    await writeFile(`${path}.other`, (await readFile(path, 'utf8')) + recordLine(both));
    await rename(`${path}.other`, path);
    expect(await ledger.append(both)).toBe('added');
    await ledger.close();
  });

  test.skipIf(process.platform === 'win32')(
    'that is a pipe is refused at once, and so is a folder',
    async () => {
      const path = await ledgerPath();
      spawnSync('mkfifo', [path]);
      const folder = dirname(path);
      for (const other of [path, folder])
        await expect(openLedger(other, () => {})).rejects.toMatchObject({
          kind: 'input',
          message: `the ledger ${other} is no file, expected one or nothing yet`,
        });
      expect(await readdir(folder)).toEqual(['ledger.jsonl']);
    },
  );

  test('is written to by one run at a time', async () => {
    const path = await ledgerPath();
    const first = await openLedger(path, () => {});
    await expect(openLedger(path, () => {})).rejects.toMatchObject({
      kind: 'temporary',
      message: /the ledger .* is written to by process \d+/,
    });
    await first.close();
    expect(await reopened(path)).toEqual([]);
  });

  test('that a crash tore at any place goes on without the torn line', async () => {
    const [first, second] = [recordLine(outcome('a')), recordLine(outcome('b'))];
    for (let length = 0; length <= second.length; length += 1) {
      const path = await ledgerPath(first + second.slice(0, length));
      const whole = length >= second.length - 1;
      expect(await reopened(path)).toEqual(whole ? ['a', 'b'] : ['a']);
      expect(await readFile(path, 'utf8')).toBe(whole ? first + second : first);
    }
  });

  test('of which blocks were promised and never written goes on as well', async () => {
    const first = recordLine(outcome('a'));
    for (const torn of [
      Buffer.alloc(100),
      Buffer.concat([Buffer.from(first.slice(0, 40)), Buffer.alloc(60)]),
    ]) {
      const path = await ledgerPath(Buffer.concat([Buffer.from(first), torn]));
      expect(await reopened(path)).toEqual(['a']);
      expect(await readFile(path, 'utf8')).toBe(first);
    }
  });

  test.each([
    ['a text', 'hello'],
    ['a text with lines', 'hello\nworld\n'],
    ['another JSON', '{"file":"a.mp4"}\n'],
    ['a video', Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42'), Buffer.alloc(3_000_000, 7)])],
    ['a later version', recordLine(outcome('a')).replace('"ledger":1', '"ledger":2')],
  ])('that is %s is refused, and left as it is', async (_, content) => {
    const path = await ledgerPath(content);
    await expect(openLedger(path, () => {})).rejects.toMatchObject({ kind: 'input' });
    expect((await readFile(path)).equals(Buffer.from(content))).toBe(true);
    await expect(openLedger(path, () => {})).rejects.toMatchObject({ kind: 'input' });
  });

  test('with a line in its middle that is none names that line', async () => {
    const path = await ledgerPath(`${recordLine(outcome('a'))}oops\n${recordLine(outcome('b'))}`);
    await expect(openLedger(path, () => {})).rejects.toMatchObject({
      message: /ledger\.jsonl:2 is no record/,
    });
  });

  test('that is not there cannot be read, and says where one comes from', async () => {
    const path = join(await temporaryFolder(), 'ledger.jsonl');
    await expect(readLedger(path, () => {})).rejects.toMatchObject({
      kind: 'input',
      message: `there is no ledger at ${path}`,
      hint: expect.stringContaining('a run with --ledger'),
    });
  });

  test('in a folder that is not there is an error that says so', async () => {
    const path = join(await temporaryFolder(), 'missing', 'ledger.jsonl');
    await expect(openLedger(path, () => {})).rejects.toMatchObject({ kind: 'input', message: /ENOENT/ });
  });
});

test('times keep their nanoseconds, before 1970 too', () => {
  expect(isoTime(1_769_860_800_123_456_789n)).toBe('2026-01-31T12:00:00.123456789Z');
  expect(isoTime(-1n)).toBe('1969-12-31T23:59:59.999999999Z');
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 19n }), (ns) => {
      const [, seconds = '', fraction = ''] = /^(.*)\.(\d{9})Z$/.exec(isoTime(ns)) ?? [];
      expect(BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction)).toBe(ns);
    }),
  );
});

test('times that no calendar of JavaScript knows are seconds since 1970, as file systems may have them', () => {
  expect(isoTime(8_640_000_000_000_000_000_000n)).toBe('+275760-09-13T00:00:00.000000000Z');
  expect(isoTime(8_640_000_000_001_000_000_005n)).toBe('@8640000000001.000000005');
  expect(isoTime(-(2n ** 63n) * 1_000_000_000n)).toBe('@-9223372036854775808.000000000');
});
