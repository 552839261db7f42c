import fc from 'fast-check';
import { expect, test } from 'vitest';
import { displayWidth, harmless, harmlessRecord, padLeft, shortenMiddle } from '../../src/output/text.ts';

test('control characters, escape sequences and marks that reorder text become readable escapes', () => {
  expect(harmless('a\x1b[2Jb')).toBe('a\\u{1b}[2Jb');
  expect(harmless('a\r\nb\tc')).toBe('a\\r\\nb\\tc');
  expect(harmless('\x9b31mred\x07\x7f')).toBe('\\u{9b}31mred\\u{7}\\u{7f}');
  expect(harmless('video\u202egpj.mp4')).toBe('video\\u{202e}gpj.mp4');
  expect(harmless('\u2066x\u2069\u2028')).toBe('\\u{2066}x\\u{2069}\\u{2028}');
  expect(harmless('\ud800')).toBe('\\u{d800}');
});

test('what people write stays as it is', () => {
  const text = 'Größe 大きい 👩‍👩‍👧 é naïve ñ.mp4';
  expect(harmless(text)).toBe(text);
});

test('no text, whatever it holds, brings a control character to the terminal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(harmless(text))).toBe(false);
    }),
  );
});

test('every text of a record is made harmless, and nothing else of it is touched', () => {
  const record = { file: 'a\nb', sizeBytes: 3, proven: true, hint: undefined };
  expect(harmlessRecord(record)).toEqual({ file: 'a\\nb', sizeBytes: 3, proven: true, hint: undefined });
});

test('wide characters count as two columns, accents as none', () => {
  expect(displayWidth('video.mp4')).toBe(9);
  expect(displayWidth('大きい.mp4')).toBe(10);
  expect(displayWidth('e\u0301')).toBe(1);
  expect(displayWidth('👩‍👩‍👧')).toBe(2);
});

test('long names lose their middle and keep beginning and end', () => {
  expect(shortenMiddle('recording-2026-01-31.mp4', 12)).toBe('recor…31.mp4');
  expect(shortenMiddle('short.mp4', 12)).toBe('short.mp4');
  expect(shortenMiddle('大きい大きい大きい.mp4', 11)).toBe('大きい….mp4');
  expect(shortenMiddle('abc', 1)).toBe('…');
  expect(shortenMiddle('abc', 0)).toBe('');
});

test('a shortened name never exceeds its columns', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, columns) => {
      expect(displayWidth(shortenMiddle(text, columns))).toBeLessThanOrEqual(columns);
    }),
  );
});

test('padding on the left counts columns, not characters', () => {
  expect(padLeft('7', 3)).toBe('  7');
  expect(padLeft('大', 3)).toBe(' 大');
  expect(padLeft('long', 2)).toBe('long');
});
