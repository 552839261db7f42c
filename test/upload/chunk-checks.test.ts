import { describe, expect, it } from 'vitest';
import { afterAnswer, afterHead, checkedBefore } from '../../src/upload/send/chunk-checks.ts';

const whole = { offsetBytes: 10, endBytes: 20, hasChecksum: true };

describe('what checksums prove so far', () => {
  it('grows with every answer to a whole chunk', () => {
    expect(afterAnswer({ bytes: 10 }, whole, 20)).toEqual({ bytes: 20 });
  });

  it('has a gap after a chunk without one, after a part of a chunk, and after what was read twice and not compared', () => {
    expect(afterAnswer({ bytes: 10 }, { ...whole, hasChecksum: false }, 20)).toMatchObject({
      bytes: 10,
      gap: expect.stringContaining('not every chunk'),
    });
    expect(afterAnswer({ bytes: 10 }, whole, 15)).toMatchObject({
      bytes: 10,
      gap: expect.stringContaining('a part of a chunk'),
    });
    expect(afterAnswer({ bytes: 10 }, { ...whole, isUncompared: true }, 20)).toMatchObject({
      bytes: 10,
      gap: expect.stringContaining('too long ago'),
    });
  });

  it('keeps its gap whatever comes later, unless the server goes back before it', () => {
    const gapped = { bytes: 10, gap: 'a gap' };
    expect(afterAnswer(gapped, { ...whole, offsetBytes: 15 }, 20)).toEqual(gapped);
    expect(afterHead(gapped, 25)).toEqual(gapped);
    expect(afterHead(gapped, 10)).toEqual({ bytes: 10 });
    expect(afterHead({ bytes: 10 }, 5)).toEqual({ bytes: 5 });
    expect(afterHead({ bytes: 10 }, 11)).toMatchObject({
      bytes: 10,
      gap: expect.stringContaining('was lost'),
    });
  });

  it('is of an earlier run what its record says, of a prefix that is still the same', () => {
    const known = (offsetBytes: number, prefixBytes: number, checkedBytes?: number) =>
      checkedBefore({
        offsetBytes,
        record: {
          prefix: { bytes: prefixBytes, sha256: '' },
          ...(checkedBytes !== undefined && { checkedBytes }),
        } as Parameters<typeof checkedBefore>[0]['record'],
      });
    expect(known(0, 0)).toEqual({ bytes: 0 });
    expect(known(10, 10, 10)).toEqual({ bytes: 10 });
    expect(known(8, 10, 10)).toEqual({ bytes: 8 });
    expect(known(10, 10)).toHaveProperty('gap');
    expect(known(12, 12, 10)).toHaveProperty('gap');
    // More than the prefix whose digest was compared may be other bytes by now.
    expect(known(10, 8, 10)).toHaveProperty('gap');
  });
});
