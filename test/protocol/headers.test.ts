import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  encodeMetadata,
  parseByteCount,
  parseMetadata,
  parseReprSha256,
  parseRetryAfterMs,
  parseSha256,
} from '../../src/protocol/headers.ts';
import { belowPrefix, uploadIdOf } from '../../src/protocol/urls.ts';

describe('parseByteCount', () => {
  it('takes every safe integer as it is written', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (bytes) => parseByteCount(String(bytes)) === bytes));
  });

  it.each([
    '',
    '-1',
    '+1',
    '01',
    '1.0',
    '1e3',
    '0x0',
    '5abc',
    '5, 5',
    ' 5',
    'NaN',
    '9007199254740993',
    '1'.repeat(30),
    undefined,
  ])('refuses %j', (text) => expect(parseByteCount(text)).toBeUndefined());
});

describe('Upload-Metadata', () => {
  it('comes back as it went', () => {
    const key = fc.stringMatching(/^[!-+\--~]{1,12}$/).filter((text) => text !== '__proto__');
    fc.assert(
      fc.property(fc.dictionary(key, fc.string({ unit: 'grapheme' })), (metadata) => {
        const parsed = parseMetadata(encodeMetadata(metadata)) ?? {};
        const texts = Object.entries(parsed).map(([name, value]) => [
          name,
          Buffer.from(value).toString('utf8'),
        ]);
        expect(Object.fromEntries(texts)).toEqual({ ...metadata });
      }),
    );
  });

  it('is UTF-8, then base64', () => {
    expect(encodeMetadata({ filename: 'Über.mp4', empty: '' })).toBe('filename w5xiZXIubXA0,empty');
  });

  it.each(['a %%%', 'a YQ==,a YQ==', 'a YQ== YQ==', ',', 'a YQ='])('refuses %j', (text) => {
    expect(parseMetadata(text)).toBeUndefined();
  });
});

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['7', 7_000],
    ['Thu, 01 Jan 1970 00:01:00 GMT', 50_000],
    ['Thu, 01 Jan 1970 00:00:05 GMT', 0],
    ['Thursday, 01-Jan-70 00:01:00 GMT', 50_000],
    ['Thu Jan  1 00:01:00 1970', 50_000],
    ['soon', undefined],
    ['', undefined],
    ['1.5', undefined],
    ['-1', undefined],
    ['+1', undefined],
    ['1 s', undefined],
    ['1, 2', undefined],
    ['2099-01-01', undefined],
    ['Thu, 99 Jan 1970 00:01:00 GMT', undefined],
    [undefined, undefined],
  ])('%j is %j ms at ten seconds past the epoch', (text, ms) =>
    expect(parseRetryAfterMs(text, 10_000)).toBe(ms),
  );

  it('is in UTC where it names no zone, whatever the zone of this machine', () => {
    const { TZ } = process.env;
    process.env.TZ = 'America/New_York';
    onTestFinished(() => {
      if (TZ === undefined) delete process.env.TZ;
      else process.env.TZ = TZ;
    });
    expect(new Date(0).getTimezoneOffset()).toBe(300);
    expect(parseRetryAfterMs('Thu Jan  1 00:01:00 1970', 10_000)).toBe(50_000);
  });
});

describe('parseSha256', () => {
  const hex = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  it.each([hex, `sha256:${hex}`, `SHA256:${hex.toUpperCase()}`, `sha-256=${hex}`])('reads %s', (text) => {
    expect(parseSha256(text)).toBe(hex);
  });
  it.each([`md5:${hex}`, hex.slice(1), `${hex}0`, '', 42, null])('refuses %j', (text) => {
    expect(parseSha256(text)).toBeUndefined();
  });
});

describe('the sha-256 of Repr-Digest', () => {
  const digest = (byte: number) => `:${Buffer.alloc(32, byte).toString('base64')}:`;
  const [one, two] = [digest(1), digest(2)];

  it.each([
    ['alone', `sha-256=${one}`],
    ['with parameters, among others', `md5=:AAAA:,\tsha-256=${one};q=0.5;w="a, b", x=(1 ?0;a 2.5 @7);c, *y`],
    ['the last one of several', `sha-256=${two}, sha-256=${one}`],
    ['not in a string', `x="a, sha-256=${two}:", sha-256=${one}`],
    ['after a string with a quote in it', `x="\\", sha-256=${two}, \\"", sha-256=${one}`],
  ])('is read %s', (_, text) => {
    expect(parseReprSha256(text)).toBe('01'.repeat(32));
  });

  it.each([
    undefined,
    '',
    'sha-512=:AAAA:',
    `x="a, sha-256=${one}"`,
    `SHA-256=${one}`,
    `xsha-256=${one}`,
    `sha-256=${one.slice(1, -1)}`,
    'sha-256=:AAAA:',
    'sha-256',
    `sha-256=(${one})`,
    `sha-256="${one}"`,
    // The last one counts, be it none.
    `sha-256=${one}, sha-256=?1`,
    // Malformed anywhere is malformed.
    `sha-256=${one},`,
    `sha-256=${one} x`,
    `sha-256=${one}, "x"`,
    `sha-256=${one}, x="a`,
    `, sha-256=${one}`,
    `x=1.2.3, sha-256=${one}`,
    `x=(1, sha-256=${one}`,
  ])('is not in %j', (text) => {
    expect(parseReprSha256(text)).toBeUndefined();
  });
});

describe('where an upload may be', () => {
  const base = new URL('https://example.org/api/');
  it.each([
    ['/uploads/1', 'https://example.org/api/uploads/1'],
    ['/api/uploads/1', undefined],
    ['uploads/1', undefined],
    ['//other.example/uploads/1', undefined],
    ['https://example.org/uploads/1', undefined],
  ])('Location %s below a stripped prefix is also %s', (location, expected) => {
    expect(belowPrefix(location, base)?.href).toBe(expected);
  });

  it('the id is the last segment without query', () => {
    expect(uploadIdOf(new URL('https://example.org/uploads/a%20b/?token=x'))).toBe('a b');
  });
});
