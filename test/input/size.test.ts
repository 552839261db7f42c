import { expect, test } from 'vitest';
import { parseBytesPerSecond, parseChunkSize, parseSizeBytes } from '../../src/input/size.ts';
import { errorOf } from '../cli/usage-errors.ts';

test.each([
  ['1', 1],
  ['1048576', 1_048_576],
  ['512KiB', 524_288],
  ['1MiB', 1_048_576],
  ['2GiB', 2_147_483_648],
  ['512k', 524_288],
  ['1M', 1_048_576],
  ['1g', 1_073_741_824],
  ['1.5MiB', 1_572_864],
  ['1mib', 1_048_576],
])('%s is %d bytes', (text, bytes) => {
  expect(parseSizeBytes(text, '--max-size')).toBe(bytes);
});

test.each([
  ['1MiB/s', 1_048_576],
  ['500k/s', 512_000],
  ['1000/s', 1000],
  ['1MiB', 1_048_576],
])('%s is %d bytes a second', (text, bytes) => {
  expect(parseBytesPerSecond(text, '--limit-rate')).toBe(bytes);
});

test.each(['1MB/s', '1MB', '1MiB/h'])(
  "of '%s' a second the unit is said to be wrong, as it was written",
  (text) => {
    const { message } = errorOf(() => parseBytesPerSecond(text, '--limit-rate'));
    expect(message).toMatch(`--limit-rate is '${text}', expected the unit KiB, MiB or GiB`);
  },
);

test.each(['0', '0MiB', '-1', '', '1 MiB', 'MiB', '0.3', '1e6', '0x10', '99999999999GiB', 'constructor'])(
  "'%s' is no size",
  (text) => {
    const { message, hint } = errorOf(() => parseSizeBytes(text, '--max-size'));
    expect(message).toBe(`--max-size is '${text}', expected a size of at least one byte`);
    expect(hint).toBe('write for example 1048576, 512KiB, 1MiB or 2GiB');
  },
);

test.each(['1KB', '1MB', '2GB', '12q', '1Mb', '1MB/s', '5constructor'])(
  "'%s' is told which units there are",
  (text) => {
    const { message, hint } = errorOf(() => parseSizeBytes(text, '--chunk-size'));
    expect(message).toBe(
      `--chunk-size is '${text}', expected the unit KiB, MiB or GiB (or k, M, G, which mean the same), or none for bytes`,
    );
    expect(hint).toBe('write for example 1048576, 512KiB, 1MiB or 2GiB');
  },
);

test.each(['auto', 'AUTO'])('%s is a size of chunks, and of nothing else', (text) => {
  expect(parseChunkSize(text, '--chunk-size')).toBe('auto');
  expect(() => parseSizeBytes(text, '--chunk-size')).toThrow('expected a size');
});

test('a chunk must fit into memory', () => {
  expect(parseChunkSize('1GiB', '--chunk-size')).toBe(1_073_741_824);
  const { message } = errorOf(() => parseChunkSize('1025MiB', '--chunk-size'));
  expect(message).toBe("--chunk-size is '1025MiB', expected at most 1GiB, since chunks are held in memory");
});
