import { describe, expect, test } from 'vitest';
import type { PulseEvent } from '../../src/events.ts';
import { type BarState, barLines } from '../../src/output/bar-line.ts';
import { csvLine, failureLines, summaryLines } from '../../src/output/ledger-lines.ts';
import { createOutput, type OutputChoice } from '../../src/output/output.ts';
import { createOverall } from '../../src/output/overall.ts';
import { noPaint } from '../../src/output/paint.ts';
import { displayWidth } from '../../src/output/text.ts';
import { type FakeStream, fakeStream } from './fake-stream.ts';

const MIB = 1_048_576;
const runStart = (files: number, sizeBytes: number): PulseEvent => ({
  type: 'run.start',
  files,
  sizeBytes,
  jobs: 2,
  skipped: 0,
  tooYoung: 0,
  duplicates: 0,
});
const start = (file: string, sizeBytes: number): PulseEvent => ({
  type: 'upload.start',
  file,
  sizeBytes,
  server: 'http://h/',
  protocol: 'pulse',
});
const progress = (file: string, acceptedBytes: number, sizeBytes: number): PulseEvent => ({
  type: 'upload.progress',
  file,
  acceptedBytes,
  sentBytes: acceptedBytes,
  sizeBytes,
  bytesPerSecond: 1,
});
const done = (file: string, sizeBytes: number): PulseEvent => ({
  type: 'upload.done',
  file,
  url: `http://h/${file}`,
  uploadId: file,
  sizeBytes,
  sha256: '0',
  proven: true,
  elapsedMs: 10,
  sentBytes: sizeBytes,
  resumedFromBytes: 0,
  retries: 0,
});
const failed = (file: string, hint = 'do something'): PulseEvent => ({
  type: 'upload.failed',
  file,
  kind: 'refused',
  exitCode: 5,
  message: `${file} was refused`,
  hint,
  resumable: false,
});
const end = (counts: Partial<Extract<PulseEvent, { type: 'run.end' }>>): PulseEvent => ({
  type: 'run.end',
  exitCode: 0,
  done: 0,
  failed: 0,
  notAttempted: 0,
  ...counts,
});

describe('a run as a whole', () => {
  const folded = (...events: readonly PulseEvent[]) => {
    let nowMs = 0;
    const overall = createOverall(() => new Date(nowMs));
    for (const event of events) {
      nowMs += 1000;
      overall.follow(event);
    }
    return overall.state();
  };

  test('adds up what is done and what is under way', () => {
    const events = [runStart(3, 10 * MIB), start('a', 4 * MIB), start('b', 5 * MIB)];
    const state = folded(...events, progress('a', MIB, 4 * MIB), progress('b', 2 * MIB, 5 * MIB));
    expect(state).toMatchObject({ files: 3, finishedFiles: 0, acceptedBytes: 3 * MIB, sizeBytes: 10 * MIB });
    expect(folded(...events, done('a', 4 * MIB), failed('b'))).toMatchObject({
      finishedFiles: 1,
      failedFiles: 1,
      acceptedBytes: 4 * MIB,
    });
  });

  test('does not fall back where a file is started anew, or loses bytes', () => {
    const events = [runStart(1, 4 * MIB), start('a', 4 * MIB), progress('a', 2 * MIB, 4 * MIB)];
    expect(folded(...events, start('a', 4 * MIB)).acceptedBytes).toBe(2 * MIB);
    expect(folded(...events, progress('a', MIB, 4 * MIB)).acceptedBytes).toBe(2 * MIB);
  });

  test('takes what was there before for no speed', () => {
    const resumed: PulseEvent = { type: 'upload.resumed', file: 'a', url: 'u', offsetBytes: 3 * MIB };
    const state = folded(runStart(1, 4 * MIB), start('a', 4 * MIB), resumed, progress('a', 4 * MIB, 4 * MIB));
    expect(state.acceptedBytes).toBe(4 * MIB);
    expect(Math.round(state.bytesPerSecond)).toBe(Math.round(MIB / 3));
  });

  test('slows down while nothing moves, and stands after ten seconds', () => {
    let nowMs = 0;
    const overall = createOverall(() => new Date(nowMs));
    for (const event of [runStart(1, 4 * MIB), start('a', 4 * MIB), progress('a', MIB, 4 * MIB)]) {
      nowMs += 1000;
      overall.follow(event);
    }
    const rates = [0, 2000, 20_000].map((silentMs) => {
      nowMs = 3000 + silentMs;
      return overall.state().bytesPerSecond;
    });
    expect(rates).toEqual([MIB / 2, MIB / 4, 0]);
  });
});

test('the bars of a run stand below one another', () => {
  const bar = (file: string, sizeBytes: number): BarState => ({
    file,
    sizeBytes,
    acceptedBytes: sizeBytes / 2,
    bytesPerSecond: 1000,
  });
  for (const columns of [120, 80, 60, 40, 10]) {
    const lines = barLines(
      [bar('1 of 20,000 files', 10 ** 12), bar('a.mp4', 10), bar('世界.mp4', 9999)],
      columns,
      {
        paint: noPaint,
        unicode: true,
      },
    );
    const ends = lines.map((line) => displayWidth(line));
    expect(new Set(ends).size).toBe(1);
    expect(ends[0]).toBeLessThan(columns);
    expect(new Set(lines.map((line) => displayWidth(line.split('%')[0] ?? ''))).size).toBe(1);
  }
});

describe('what a run shows', () => {
  const usual: OutputChoice = {
    json: false,
    quiet: false,
    verbose: false,
    noColor: true,
    progress: 'auto',
    many: true,
  };
  const shown = async (
    events: readonly PulseEvent[],
    choice: Partial<OutputChoice> = {},
    err: FakeStream = fakeStream(),
  ) => {
    const out = fakeStream();
    const now = () => new Date('2026-01-31T12:00:00Z');
    const output = await createOutput({ ...usual, ...choice }, { out, err, environment: {}, now });
    events.forEach(output.report);
    output.close();
    return { out: out.text(), err: err.text() };
  };
  const twenty = Array.from({ length: 20 }, (_, index) => failed(`${index}.mp4`));

  test('in a log is a line a file', async () => {
    const events = [
      runStart(1, MIB),
      start('a.mp4', MIB),
      done('a.mp4', MIB),
      end({ done: 1, skipped: 1200 }),
    ];
    expect(await shown(events)).toEqual({
      out: 'http://h/a.mp4\n',
      err: [
        '2026-01-31T12:00:00Z 1 file to send, 1.0 MiB',
        '2026-01-31T12:00:00Z a.mp4: 1.0 MiB in 0.0 s, proven',
        '1,201 files: 1 uploaded, 1,200 done before',
        '',
      ].join('\n'),
    });
  });

  test('says how many nothing proved, and which one the server no longer has, also where only bars are shown', async () => {
    const unproven: PulseEvent = { ...done('a', MIB), proven: false } as PulseEvent;
    const gone: PulseEvent = { ...done('b', MIB), proven: false, reason: 'lost', gone: true } as PulseEvent;
    const events = [runStart(3, 3 * MIB), unproven, gone, done('c', MIB), end({ done: 3 })];
    const bars = await shown(events, {}, fakeStream(80));
    expect(bars.err).toMatch(
      /b: 1\.0 MiB in .*, not proven \(lost\)[\s\S]*3 files: 3 uploaded \(2 not proven\)\n/,
    );
    expect(bars.err).not.toMatch(/[ac]: 1\.0 MiB in/);
    expect((await shown(events)).err).toMatch(
      /a: 1\.0 MiB in .*, not proven\n[\s\S]*3 uploaded \(2 not proven\)\n$/,
    );
  });

  test('says a hint once, and names failures again at the end of a long run only', async () => {
    const long = await shown([runStart(30, 1), ...twenty, failed('last.mp4'), end({ failed: 21 })]);
    expect(long.err.match(/ next: do something/g)).toHaveLength(1);
    // Those that failed alike stand in one line.
    expect(long.err).toMatch(
      /\n21 files failed:\n {2}refused {2}0\.mp4 and 20 more {2}was refused\n21 files:/,
    );
    const short = await shown([runStart(3, 1), failed('a.mp4'), end({ failed: 1 })]);
    expect(short.err).not.toContain('1 file failed:');
  });

  test('with --json and --quiet is what must be seen', async () => {
    const events = [
      runStart(1, 1),
      failed('a.mp4'),
      { type: 'run.stopped', message: 'enough' } as const,
      end({}),
    ];
    for (const choice of [{ json: true }, { quiet: true }]) {
      const { err } = await shown(events, choice);
      expect(err).toBe('error: a.mp4 was refused\n next: do something\nstopped: enough\n');
    }
  });

  test('on a terminal is a bar for all and one for each file, which are gone at the end', async () => {
    const stream = fakeStream(100);
    const events = [
      runStart(2, 2 * MIB),
      start('a.mp4', MIB),
      start('b.mp4', MIB),
      failed('a.mp4'),
      end({ failed: 1 }),
    ];
    const { err } = await shown(events, {}, stream);
    expect(err).toMatch(/0 of 2 files .*\n/);
    expect(err).toMatch(/b\.mp4 +0 %/);
    // Printed above the bars, and what a bar left there is cleared.
    expect(err).toContain('error: a.mp4 was refused\x1b[K\n');
    // Everything below is cleared before the last words.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are terminal control sequences
    expect(err).toMatch(/\x1b\[0?J[^%]*1 file: 0 uploaded, 1 failed\n$/);
    // Save and restore the cursor, hide it, and turn wrapping off.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are terminal control sequences
    expect(err).not.toMatch(/\x1b(?:[78]|\[\?)/);
  });

  test('on a terminal that says it has no columns is what it is on one of 80', async () => {
    const [a, b] = ['a', 'b'].map((letter) => `${letter.repeat(60)}.mp4`) as [string, string];
    // As many files as make a table of failures.
    const events = [
      runStart(30, 2 * MIB),
      start(a, MIB),
      failed(a),
      start(b, MIB),
      done(b, MIB),
      end({ failed: 1 }),
    ];
    const [usual, zero] = [await shown(events, {}, fakeStream(80)), await shown(events, {}, fakeStream(0))];
    const tableOf = (text: string) => /1 file failed:.*\n.*\n/.exec(text)?.[0];
    expect(zero.err).toMatch(/0 of 30 files/);
    expect(tableOf(zero.err)).toContain('aaa');
    expect(tableOf(zero.err)).toBe(tableOf(usual.err));
  });
});

describe('a ledger in words', () => {
  const summary = {
    files: 1203,
    proven: 1200,
    unproven: 1,
    failed: 2,
    doneBytes: 5 * MIB,
    failuresByKind: { temporary: 2 },
    firstTime: '2026-01-31T12:00:00.123Z',
    lastTime: '2026-01-31T13:00:00.123Z',
  };

  test('is a few aligned lines', () => {
    expect(summaryLines('done.jsonl', summary, noPaint)).toEqual([
      'done.jsonl: 1,203 files, 5.0 MiB done, 2026-01-31T12:00:00Z to 2026-01-31T13:00:00Z',
      '  proven      1,200',
      '  not proven      1  complete, but nothing that the server said proves the content',
      '  failed          2  temporary 2',
    ]);
  });

  test('shows no control characters of names', () => {
    const [, line] = failureLines([{ kind: 'input', attempts: 2, file: 'a\x1b[2J', message: 'b\n' }]);
    expect(line).toBe('input      2  a\\u{1b}[2J  b\\n');
  });

  test('is CSV that every reader takes', () => {
    expect(csvLine(['a', 'say "x", y', undefined, 1, false, 'b\nc'])).toBe(
      'a,"say ""x"", y",,1,false,"b\nc"\r\n',
    );
  });
});
