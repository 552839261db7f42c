import { describe, expect, test } from 'vitest';
import type { PulseEvent } from '../../src/events.ts';
import { noPaint } from '../../src/output/paint.ts';
import { progressWords, type View, wordsFor } from '../../src/output/words.ts';
import {
  created,
  done,
  end,
  exchange,
  failed,
  file,
  progress,
  resumed,
  retry,
  sha256,
  start,
  url,
  warning,
} from './events.ts';

const calm: View = { paint: noPaint, verbose: false, log: false, stamp: '' };
const verbose: View = { ...calm, verbose: true };
const log: View = { ...calm, log: true, stamp: '2026-01-31T12:00:00Z ' };

const doneFacts = done as Extract<PulseEvent, { type: 'upload.done' }>;
const failedFacts = failed as Extract<PulseEvent, { type: 'upload.failed' }>;

describe('the last words of a finished file', () => {
  test('say where it is, its size, its checksum, and that it is proven', () => {
    expect(wordsFor(done, calm)).toEqual([
      'video.mp4 uploaded in 2.0 s, 2.0 MiB/s',
      `  url     ${url}`,
      '  video   v-7',
      '  size    4,194,321 bytes (4.0 MiB)',
      `  sha256  ${sha256}`,
      '  proven  yes, the server holds exactly these bytes',
    ]);
  });

  test('end with plain words where nothing could be proven', () => {
    expect(wordsFor({ ...doneFacts, proven: false }, calm).at(-1)).toBe(
      '  proven  no: complete, content not verified by the server (it gave no checksum to compare with)',
    );
  });

  test('leave out the video where the protocol has none, and the unit where the size is small', () => {
    const { videoId: _, ...plain } = doneFacts;
    const words = wordsFor({ ...plain, sizeBytes: 1, elapsedMs: 20 }, calm);
    expect(words.slice(0, 3)).toEqual([
      'video.mp4 uploaded in 0.0 s',
      `  url     ${url}`,
      '  size    1 byte',
    ]);
  });

  test('shorten a name that would not fit its terminal', () => {
    const [first] = wordsFor(
      { ...doneFacts, file: `recordings/${'long-'.repeat(10)}.mp4` },
      { ...calm, columns: 50 },
    );
    expect(first).toBe('recording…-long-.mp4 uploaded in 2.0 s, 2.0 MiB/s');
  });

  test('tell what was there before and what it took', () => {
    const [first] = wordsFor({ ...doneFacts, resumedFromBytes: 2_097_152, retries: 1 }, calm);
    expect(first).toBe('video.mp4 uploaded in 2.0 s, 1.0 MiB/s, 2.0 MiB were there already, 1 retry');
  });
});

describe('a failure', () => {
  test('is two lines: what is wrong, and what to do next', () => {
    expect(wordsFor(failed, calm)).toEqual([
      'error: video.mp4: PATCH answered 503',
      ' next: run the same command again: it resumes',
    ]);
  });

  test('names its file once', () => {
    const { hint: _, ...bare } = failedFacts;
    expect(wordsFor({ ...bare, message: 'video.mp4 does not exist' }, calm)).toEqual([
      'error: video.mp4 does not exist',
    ]);
    expect(wordsFor({ ...bare, file: '', message: 'no server is given' }, calm)).toEqual([
      'error: no server is given',
    ]);
  });

  test('by interruption leaves the next step to the end of the run', () => {
    const words = wordsFor(
      { ...failedFacts, kind: 'interrupted', message: 'video.mp4 was interrupted' },
      calm,
    );
    expect(words).toEqual(['stopped: video.mp4 was interrupted']);
  });
});

test('what happens on the way is told with --verbose only', () => {
  expect(wordsFor(start, calm)).toEqual([]);
  expect(wordsFor(created, calm)).toEqual([]);
  expect(wordsFor(retry, calm)).toEqual([]);
  expect(wordsFor(exchange, calm)).toEqual([]);
  expect([start, created, retry, exchange].flatMap((event) => wordsFor(event, verbose))).toEqual([
    'video.mp4: 4.0 MiB to send to http://127.0.0.1:8080/ (protocol pulse: /health answered OK)',
    `video.mp4: created ${url}`,
    'video.mp4: retry 2 in 1.0 s: PATCH answered 503',
    `PATCH   204      12 ms  1,048,576 B  ${url}  upload-offset: 1048576`,
  ]);
});

test('resuming and warnings are told to everybody', () => {
  expect(wordsFor(resumed, calm)).toEqual(['video.mp4: resuming at 1.0 MiB']);
  expect(wordsFor(resumed, verbose)).toEqual([`video.mp4: resuming at 1.0 MiB: ${url}`]);
  expect(wordsFor(warning, calm)).toEqual(['warning: video.mp4: the status is not complete']);
});

test('in a log the beginning of each file is told, with its time', () => {
  expect(wordsFor(start, log)).toEqual([
    '2026-01-31T12:00:00Z video.mp4: 4.0 MiB to send to http://127.0.0.1:8080/',
  ]);
  expect(wordsFor(resumed, log)).toEqual(['2026-01-31T12:00:00Z video.mp4: resuming at 1.0 MiB']);
});

test('several files end with their counts, a single one does not', () => {
  expect(wordsFor(end(0, 1), calm)).toEqual([]);
  expect(wordsFor(end(0, 2), calm)).toEqual(['2 files: 2 uploaded']);
  expect(wordsFor(end(1, 1200, 2, 3), calm)).toEqual([
    '1,205 files: 1,200 uploaded, 2 failed, 3 not attempted',
  ]);
});

test('progress in words has percent, bytes, rate and time left, as far as they are known', () => {
  const facts = (event: PulseEvent) =>
    progressWords(event as Extract<PulseEvent, { type: 'upload.progress' }>);
  expect(facts(progress(1_048_576))).toBe('24 %, 1.0 MiB of 4.0 MiB, 1.0 MiB/s, 3.0 s left');
  expect(facts(progress(0, 0))).toBe('0 %, 0 B of 4.0 MiB');
  expect(facts(progress(4_194_321))).toBe('100 %, 4.0 MiB of 4.0 MiB, 1.0 MiB/s');
  expect(file).toBe('video.mp4');
});
