import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { chooseDigest } from '../../src/upload/send/chunk-digest.ts';
import { errorOf } from '../cli/usage-errors.ts';

const listing = (...checksumAlgorithms: readonly string[]) => ({ checksumAlgorithms });
const chosen = (wanted: string, offer: { readonly checksumAlgorithms?: readonly string[] }) =>
  chooseDigest(wanted, offer, 'video.mp4')?.algorithm;

describe('the checksum of chunks', () => {
  it.each([
    [['md5', 'crc32', 'sha1', 'sha256'], 'sha256'],
    [['md5', 'sha1', 'sha512'], 'sha512'],
    [['sha1', 'md5'], 'sha1'],
    [['md5'], 'md5'],
    [['SHA1'], 'SHA1'],
    [['crc32', 'whirlpool'], undefined],
    [[], undefined],
  ])('of what is listed (%j), auto takes %s', (listed, expected) => {
    expect(chosen('auto', listing(...listed))).toBe(expected);
  });

  it('is none where the server lists none, or the user wants none', () => {
    expect([chosen('auto', {}), chosen('none', listing('sha1'))]).toEqual([undefined, undefined]);
  });

  it('is an error where the user named one that is not listed', () => {
    const other = errorOf(() => chosen('sha256', listing('sha1', 'md5')), 'refused');
    expect(other.message).toBe('video.mp4 was not sent: the server compares sha1, md5, and no sha256');
    expect(other.hint).toContain('name another one with --checksum');
    const none = errorOf(() => chosen('sha1', {}), 'refused');
    expect(none.message).toBe('video.mp4 was not sent: the server offers to compare no checksums of chunks');
    // Where nothing is offered, another name is no way out.
    expect(none.hint).toBe('leave out --checksum');
  });

  it.each(['sha256', 'sha512', 'sha1', 'md5'])('is the %s of the bytes in base64', (name) => {
    const bytes = Buffer.from('some bytes');
    const expected = createHash(name).update(bytes).digest('base64');
    expect(chooseDigest(name, listing(name), '')?.of(bytes)).toEqual({ algorithm: name, base64: expected });
    expect(chooseDigest(name, listing(name), '')?.isStrong).toBe(true);
  });

  it('is four bytes, the highest first, for crc32, which is not called strong', () => {
    // The check value of CRC-32/ISO-HDLC: that of "123456789" is cbf43926.
    const digest = chooseDigest('crc32', listing('crc32'), '');
    expect(digest?.of(Buffer.from('123456789')).base64).toBe(
      Buffer.from('cbf43926', 'hex').toString('base64'),
    );
    expect(digest?.isStrong).toBe(false);
  });
});
