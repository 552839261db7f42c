import { describe, expect, it } from 'vitest';
import { readTusOffer } from '../../src/protocol/tus-offer.ts';

const options = (headers: Readonly<Record<string, string>>, status = 204) =>
  readTusOffer({ kind: 'answer', status, headers, body: new Uint8Array(0) });
const version = { 'tus-version': '1.0.0' };
const file = (sizeBytes: number) => ({ sizeBytes, metadata: {} });

describe('what a tus server offers', () => {
  it('is read from its lists, whatever the blanks', () => {
    const offer = options({
      'tus-version': '1.0.0, 0.2.2',
      'tus-extension': 'creation,Checksum , termination,,',
      'tus-checksum-algorithm': 'sha1, md5',
    });
    expect([...(offer?.extensions ?? [])]).toEqual(['creation', 'checksum', 'termination']);
    expect(offer?.checksumAlgorithms).toEqual(['sha1', 'md5']);
    expect(offer?.objection).toBeUndefined();
  });

  it.each([
    ['no version', {}, 204],
    ['another version', { 'tus-version': '0.2.2' }, 204],
    ['a refusal', version, 405],
  ])('is not read from %s', (_, headers, status) => {
    expect(options({ 'tus-extension': 'creation', ...headers }, status)).toBeUndefined();
  });

  it('is a limit that names both sizes', () => {
    const offer = options({ ...version, 'tus-max-size': '1000' });
    expect(offer?.objection?.(file(1000))).toBeUndefined();
    expect(offer?.objection?.(file(1001))).toBe(
      'the file has 1001 bytes, but the server takes at most 1000 (Tus-Max-Size)',
    );
  });

  it.each(['0', '-1', '1e3', 'none', ''])('is no limit where Tus-Max-Size is "%s"', (text) => {
    expect(options({ ...version, 'tus-max-size': text })?.objection).toBeUndefined();
  });
});
