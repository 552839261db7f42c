import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { noPaint } from '../../../src/output/paint.ts';
import { displayWidth } from '../../../src/output/text.ts';
import { foldLive, type LiveState, liveLine, liveStart } from '../../../src/output/verify/live-line.ts';
import { liveProgress } from '../../../src/output/verify/live-progress.ts';
import type { Verdict } from '../../../src/verify/judge.ts';
import { fakeStream } from '../fake-stream.ts';
import { checkEnd, scenarioEnd, scenarioStart, start } from './events.ts';

const folded = (...events: Parameters<typeof foldLive>[1][]): LiveState => events.reduce(foldLive, liveStart);
const some = folded(
  start,
  scenarioStart('basic-flow'),
  scenarioStart('cut-by-reset'),
  scenarioEnd('basic-flow'),
  ...(['pass', 'fail', 'warn', 'skip'] as const).map((verdict) => checkEnd('a', verdict)),
);

describe('the line of progress', () => {
  test('counts what is done and what was found, and names what is under way', () => {
    expect(liveLine(some, 80, noPaint)).toBe(' 25 %  4 of 16 checks, 1 failed, 1 warning  cut-by-reset');
  });

  test('says what happens before the first check is known', () => {
    expect(liveLine(liveStart, 80, noPaint)).toBe('finding out what the server speaks');
  });

  test.each([10, 20, 30, 40, 60, 200])('leaves the last of %i columns free', (columns) => {
    const busy = folded(
      start,
      ...Array.from({ length: 9 }, (_, index) => scenarioStart(`scenario-${index}`)),
    );
    for (const state of [liveStart, some, busy]) {
      expect(displayWidth(liveLine(state, columns, noPaint))).toBeLessThan(columns);
    }
  });

  test.each<Verdict>(['blocked', 'error', 'note'])('counts %s as done, not as failed', (verdict) => {
    expect(folded(start, checkEnd('a', verdict))).toMatchObject({ done: 1, failed: 0, warned: 0 });
  });
});

describe('progress on a terminal', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('is drawn over itself in one piece, at most ten times a second, and only where it changed', () => {
    const stream = fakeStream(80);
    const live = liveProgress(stream, noPaint);
    live.follow(start);
    for (let index = 0; index < 8; index++) live.follow(checkEnd('a', 'pass'));
    expect(stream.text()).toBe('');
    vi.advanceTimersByTime(100);
    expect(stream.text()).toBe('\r 50 %  8 of 16 checks\x1b[0K');
    vi.advanceTimersByTime(5000);
    expect(stream.text()).toBe('\r 50 %  8 of 16 checks\x1b[0K');
    live.close();
  });

  test('makes room for text that stays, comes back below it, and is gone at the end', () => {
    const stream = fakeStream(80);
    const live = liveProgress(stream, noPaint);
    vi.advanceTimersByTime(100);
    live.clear();
    stream.write('header\n');
    vi.advanceTimersByTime(100);
    expect(stream.screen()).toBe('header\nfinding out what the server speaks');
    live.close();
    vi.advanceTimersByTime(1000);
    expect(stream.screen()).toBe('header\n');
  });

  test('clears nothing that was never drawn', () => {
    const stream = fakeStream(80);
    liveProgress(stream, noPaint).close();
    expect(stream.text()).toBe('');
  });
});
