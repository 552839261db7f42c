import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PulseEvent } from '../../src/events.ts';
import { type BarLook, type BarState, barLine } from '../../src/output/bar-line.ts';
import { barProgress, foldBar, shownAt } from '../../src/output/bar-progress.ts';
import { noPaint } from '../../src/output/paint.ts';
import { displayWidth } from '../../src/output/text.ts';
import { created, done, failed, progress, resumed, retry, sizeBytes, start } from './events.ts';
import { fakeStream } from './fake-stream.ts';

const look: BarLook = { paint: noPaint, unicode: true };
const state: BarState = {
  file: 'video.mp4',
  sizeBytes: 4_194_304,
  acceptedBytes: 2_097_152,
  bytesPerSecond: 1_048_576,
};

describe('the line of a bar', () => {
  test('has name, percent, bar, bytes, rate and time left where there is room', () => {
    expect(barLine(state, 100, look)).toBe(
      'video.mp4   50 %  ━━━━━━━━━━━━━━━━────────────────    2.0 MiB of 4.0 MiB     1.0 MiB/s  2.0 s left ',
    );
  });

  test('becomes poorer on narrow terminals, and keeps what matters most', () => {
    expect(barLine(state, 80, look)).toBe(
      'video.mp4   50 %  ━━━━━━──────    2.0 MiB of 4.0 MiB     1.0 MiB/s  2.0 s left ',
    );
    expect(barLine(state, 60, look)).toBe('video.mp4   50 %  ━━━━━━━───────     1.0 MiB/s  2.0 s left ');
    expect(barLine(state, 40, look)).toBe('video.mp4   50 %  2.0 s left ');
    expect(barLine(state, 10, look)).toBe(' 50 %');
    expect(barLine(state, 3, look)).toBe('');
  });

  test('shortens long names in the middle', () => {
    const line = barLine({ ...state, file: 'recordings/2026/january/camera-7/video-0001.mp4' }, 100, look);
    expect(line).toMatch(/^recordings\/202…video-0001\.mp4 {3}50 %/);
  });

  test('is drawn in ASCII where the terminal knows no other', () => {
    expect(barLine(state, 60, { ...look, unicode: false })).toContain('======------');
  });

  test('shows why nothing moves in place of rate and time left', () => {
    expect(barLine({ ...state, note: 'retry in 1.0 s' }, 60, look)).toMatch(/━─+ {16}retry in 1.0 s$/);
  });

  test('calls an empty file complete', () => {
    const empty = { file: 'empty.mp4', sizeBytes: 0, acceptedBytes: 0, bytesPerSecond: 0 };
    expect(barLine(empty, 60, look)).toMatch(/^empty\.mp4 {2}100 % {2}━+ +$/);
  });

  test('never fills the last column, whatever it shows and however narrow the terminal', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 60 }),
        fc.nat(2 ** 50),
        fc.float({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 200 }),
        (file, size, share, columns) => {
          const line = barLine(
            { file, sizeBytes: size, acceptedBytes: Math.floor(size * share), bytesPerSecond: size / 7 },
            columns,
            look,
          );
          expect(displayWidth(line)).toBeLessThan(Math.max(1, columns));
        },
      ),
    );
  });
});

describe('what a bar shows', () => {
  const folded = (...events: readonly PulseEvent[]) =>
    events.reduce<BarState | undefined>((shown, event) => foldBar(shown, event, 0), undefined);

  test('begins with the file and ends with its result', () => {
    expect(folded(start)?.acceptedBytes).toBe(0);
    expect(folded(start, created, progress(1000), done)).toBeUndefined();
    expect(folded(start, failed)).toBeUndefined();
  });

  test('never jumps back, not even when the server lost bytes', () => {
    expect(folded(start, progress(2_000_000), progress(1_000_000))?.acceptedBytes).toBe(2_000_000);
    expect(folded(start, progress(2_000_000), start)?.acceptedBytes).toBe(2_000_000);
    const other = { ...start, file: 'other.mp4' };
    expect(folded(start, progress(2_000_000), other)).toMatchObject({ file: 'other.mp4', acceptedBytes: 0 });
  });

  test('never exceeds the size of the file', () => {
    expect(folded(start, progress(sizeBytes + 1))?.acceptedBytes).toBe(sizeBytes);
  });

  test('starts at what was there before', () => {
    expect(folded(start, resumed)?.acceptedBytes).toBe(1_048_576);
  });

  test('says that it waits for a retry until something moves again', () => {
    expect(folded(start, progress(1000), retry)?.note).toBe('retry in 1.0 s');
    expect(folded(start, progress(1000), retry, progress(2000))?.note).toBeUndefined();
  });

  test('says that it is finishing once everything is accepted', () => {
    expect(folded(start, progress(sizeBytes))?.note).toBe('finishing');
  });

  test.each([
    ['a rate that is still true', [start, progress(1000)], 4_999, undefined],
    ['how long nothing has moved', [start, progress(1000)], 12_400, 'waiting 12 s'],
    ['that nothing came at all', [start], 61_000, 'waiting 1m 01s'],
    ['the pause before a retry', [start, retry], 900, 'retry in 1.0 s'],
    ['that the pause is over', [start, retry], 5_900, 'retrying'],
    ['that the retry hangs', [start, retry], 21_000, 'waiting 20 s'],
    ['that it finishes, however long that takes', [start, progress(sizeBytes)], 60_000, 'finishing'],
  ])('is %s', (_, events, nowMs, note) => {
    const state = folded(...events);
    expect(state && shownAt(state, nowMs).note).toBe(note);
  });
});

describe('a bar on a terminal', () => {
  const nowMs = 0;

  test('is drawn, gives way to lines for people, and is gone at the end', async () => {
    const stream = fakeStream(60);
    const bar = await barProgress(stream, look, () => new Date(nowMs));
    bar.follow(start);
    expect(stream.screen()).toMatch(/^video\.mp4 {4}0 % {2}─+ *$/);
    bar.print([]);
    expect(stream.screen()).toContain('video.mp4');
    bar.print(['resuming at 1.0 MiB']);
    bar.follow(resumed);
    expect(stream.screen()).toMatch(/^resuming at 1\.0 MiB\nvideo\.mp4 {3}24 % {2}━+─+ *$/);
    bar.follow(done);
    bar.print(['done']);
    bar.close();
    expect(stream.screen()).toBe('resuming at 1.0 MiB\ndone\n');
  });

  test('that says it has no columns is taken for one of 80', async () => {
    const shownOn = async (columns: number) => {
      const stream = fakeStream(columns);
      const bar = await barProgress(stream, look, () => new Date(nowMs));
      bar.follow(start);
      bar.close();
      return stream.text();
    };
    expect(await shownOn(80)).toContain('video.mp4');
    expect(await shownOn(0)).toBe(await shownOn(80));
  });

  test('changes nothing of the terminal that a kill would leave behind', async () => {
    const stream = fakeStream(60);
    const bar = await barProgress(stream, look, () => new Date(nowMs));
    bar.follow(start);
    bar.close();
    // Save and restore the cursor, hide it, and turn wrapping off.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are terminal control sequences
    expect(stream.text()).not.toMatch(/\x1b(?:[78]|\[\?)/);
  });
});
