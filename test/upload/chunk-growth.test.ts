import { describe, expect, it } from 'vitest';
import {
  beginGrowth,
  type ChunkGrowth,
  isOnTrial,
  passed,
  setBack,
} from '../../src/upload/send/chunk-growth.ts';

const MIB = 1_048_576;
const limits = { firstBytes: MIB, mostBytes: 32 * MIB, longestMs: 7_500 };

interface Line {
  readonly roundTripMs: number;
  readonly bytesPerSecond: number;
}

const chunkMs = ({ roundTripMs, bytesPerSecond }: Line, bytes: number) =>
  roundTripMs + (bytes / bytesPerSecond) * 1000;

/** Sends so many chunks over the line; the size of each, and where the growth stands then. */
function send(growth: ChunkGrowth, line: Line, chunks: number) {
  const sizes: number[] = [];
  let now = growth;
  for (let sent = 0; sent < chunks; sent++) {
    sizes.push(now.chunkBytes / MIB);
    now = passed(now, now.chunkBytes, chunkMs(line, now.chunkBytes));
  }
  return { growth: now, sizes };
}

const begin = () => beginGrowth(MIB, limits);
const longLine: Line = { roundTripMs: 80, bytesPerSecond: 12.5e6 };

describe('the size of chunks', () => {
  it('doubles with each chunk while that is faster, and then stays', () => {
    expect(send(begin(), longLine, 9).sizes).toEqual([1, 2, 4, 8, 16, 32, 32, 32, 32]);
    // At a quarter of the distance 8 MiB are 2.9 % faster than 4, and 16 only 1.5 % faster than 8: two of them show it.
    const { sizes } = send(begin(), { ...longLine, roundTripMs: 20 }, 9);
    expect(sizes).toEqual([1, 2, 4, 8, 16, 16, 8, 8, 8]);
  });

  it('reaches nine tenths of a line of 80 ms and 100 Mbit/s within 256 MiB', () => {
    let growth = begin();
    let elapsedMs = 0;
    for (let left = 256 * MIB; left > 0; ) {
      const bytes = Math.min(left, growth.chunkBytes);
      const ms = chunkMs(longLine, bytes);
      growth = passed(growth, bytes, ms);
      elapsedMs += ms;
      left -= bytes;
    }
    expect((256 * MIB) / 12.5e6 / (elapsedMs / 1000)).toBeGreaterThan(0.9);
  });

  it('stays what it was where a round trip is nothing', () => {
    const { sizes } = send(begin(), { roundTripMs: 0.1, bytesPerSecond: 12.5e6 }, 8);
    expect(sizes).toEqual([1, 2, 2, 1, 1, 1, 1, 1]);
  });

  it('stays what it was where a pace is given', () => {
    const { sizes } = send(begin(), { roundTripMs: 0, bytesPerSecond: 100_000 }, 40);
    expect(Math.max(...sizes)).toBe(1);
  });

  it('never grows beyond its bound', () => {
    const far: Line = { roundTripMs: 2_000, bytesPerSecond: 1e9 };
    const { sizes } = send(beginGrowth(MIB, { ...limits, mostBytes: 5 * MIB }), far, 40);
    expect(sizes.slice(0, 5)).toEqual([1, 2, 4, 5, 5]);
    expect(Math.max(...sizes)).toBe(5);
  });

  it('never grows to a chunk that would be under way for too long', () => {
    const { sizes } = send(begin(), { roundTripMs: 3_000, bytesPerSecond: 400_000 }, 10);
    // 2 MiB take 8.2 s, by what 1 MiB took: 5.6 s.
    expect(sizes).toEqual(Array(10).fill(1));
  });

  it('is judged by two chunks: one slow one is bad luck', () => {
    const tried = send(begin(), longLine, 1).growth;
    const unlucky = passed(tried, tried.chunkBytes, 10_000);
    expect(unlucky.chunkBytes).toBe(2 * MIB);
    expect(send(unlucky, longLine, 2).sizes).toEqual([2, 4]);
  });

  it('is tried anew after a while, since lines change', () => {
    const settled = send(begin(), { roundTripMs: 0.1, bytesPerSecond: 12.5e6 }, 3).growth;
    const { sizes } = send(settled, longLine, 20);
    expect(sizes.slice(0, 16)).toEqual(Array(16).fill(1));
    expect(sizes.slice(16)).toEqual([2, 4, 8, 16]);
  });

  it('only changes after a chunk that was on trial, and most chunks of a steady line are not', () => {
    let growth = begin();
    let trials = 0;
    for (let chunk = 0; chunk < 200; chunk++) {
      const next = passed(
        growth,
        growth.chunkBytes,
        chunkMs({ ...longLine, roundTripMs: 20 }, growth.chunkBytes),
      );
      if (isOnTrial(growth)) trials += 1;
      else expect(next.chunkBytes).toBe(growth.chunkBytes);
      growth = next;
    }
    expect(trials).toBeLessThan(50);
  });

  it('says nothing where the chunk was shorter, or took no time', () => {
    const growth = begin();
    expect(passed(growth, MIB - 1, 100)).toBe(growth);
    expect(passed(growth, MIB, 0)).toBe(growth);
  });
});

describe('after trouble', () => {
  it('it grows back after some chunks, but not to the size that met it', () => {
    const grown = send(begin(), longLine, 4).growth;
    expect(grown.chunkBytes).toBe(16 * MIB);
    const { sizes } = send(setBack(grown, MIB), longLine, 13);
    expect(sizes).toEqual([...Array(8).fill(1), 2, 4, 8, 8, 8]);
  });

  it('that comes again and again it ends where it began', () => {
    let growth = begin();
    for (let times = 0; times < 6; times++) growth = setBack(send(growth, longLine, 40).growth, MIB);
    expect(Math.max(...send(growth, longLine, 40).sizes)).toBe(1);
  });

  it('below the first size it grows back to that', () => {
    const { sizes } = send(setBack(begin(), MIB / 4), longLine, 30);
    expect(Math.max(...sizes)).toBe(1);
    expect(sizes.at(-1)).toBe(1);
  });
});
