import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guessRuns } from '../../src/verify/guess-stored-runs.ts';
import { literalPayload, payloadOf, positionOf, positionPayload } from '../../src/verify/payload.ts';
import { describeRuns, runsOf } from '../../src/verify/stored-runs.ts';

const MiB = 1024 * 1024;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const join = (...parts: Uint8Array[]) => Buffer.concat(parts);

describe('a payload', () => {
  it('is the same for the same seed, and another for another', () => {
    const bytes = positionPayload(7, 100).bytes(0, 100);
    expect(positionPayload(7, 100).bytes(0, 100)).toEqual(bytes);
    expect(positionPayload(8, 100).bytes(0, 100)).not.toEqual(bytes);
  });

  it('gives any range without the bytes before it', () => {
    const payload = positionPayload(3, 1000);
    const whole = payload.bytes(0, 1000);
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        expect(Buffer.from(payload.bytes(from, to)).equals(whole.subarray(from, to))).toBe(true);
      }),
    );
    expect(payload.bytes(995, 2000).length).toBe(5);
  });

  it('has eight bytes that tell their position, at every block and nowhere else', () => {
    const payload = positionPayload(0xfeedbeef, 64 * 1024);
    const { record } = payload;
    if (record.kind !== 'position') throw new Error('unreachable');
    const bytes = Buffer.from(payload.bytes(0, payload.sizeBytes));
    const told = Array.from(bytes, (_, at) => positionOf(record, bytes, at));
    expect(told).toEqual(told.map((_, at) => (at % 8 === 0 ? at : undefined)));
  });

  it('that begins like a video tells the position of every block all the same', () => {
    const payload = positionPayload(5, 4096, 'mp4');
    const { record } = payload;
    if (record.kind !== 'position') throw new Error('unreachable');
    const bytes = Buffer.from(payload.bytes(0, 4096));
    expect(bytes.subarray(4, 12).toString()).toBe('ftypisom');
    expect(Buffer.from(payload.bytes(5, 20))).toEqual(bytes.subarray(5, 20));
    const told = Array.from(bytes, (_, at) => positionOf(record, bytes, at));
    expect(told.filter((at) => at !== undefined)).toEqual(
      Array.from({ length: 512 }, (_, block) => 8 * block).filter((at) => at !== 8),
    );
    expect(describeRuns(runsOf(join(bytes, bytes), payload), 4096)).toEqual([
      'bytes 0 to 4,095 are there twice',
    ]);
  });

  it('has no two blocks alike in 8 MiB', () => {
    const bytes = Buffer.from(positionPayload(1, 8 * MiB).bytes(0, 8 * MiB));
    const seen = new Set<bigint>();
    for (let at = 0; at < bytes.length; at += 8) seen.add(bytes.readBigUInt64LE(at));
    expect(seen.size).toBe(MiB);
  });

  it('knows its digest, and is what its record says', () => {
    for (const payload of [
      positionPayload(5, 3 * MiB + 17),
      positionPayload(5, 0),
      literalPayload(Buffer.from('\r\n')),
    ]) {
      expect(payload.sha256()).toBe(sha256(payload.bytes(0, payload.sizeBytes)));
      const again = payloadOf(JSON.parse(JSON.stringify(payload.record)));
      expect(again.sha256()).toBe(payload.sha256());
    }
  });
});

const file = positionPayload(42, 3 * MiB + 17);
const piece = (from: number, to: number) => file.bytes(from, to);
const all = piece(0, file.sizeBytes);
const describeStored = (stored: Uint8Array) => describeRuns(runsOf(stored, file), file.sizeBytes);

const corruptions: Record<string, { stored: Uint8Array; says: string[] }> = {
  'a run twice': {
    stored: join(piece(0, MiB + 400_000), piece(MiB, file.sizeBytes)),
    says: ['bytes 1,048,576 to 1,448,575 are there twice'],
  },
  'a run missing': {
    stored: join(piece(0, MiB), piece(MiB + 5, file.sizeBytes)),
    says: ['bytes 1,048,576 to 1,048,580 are missing'],
  },
  'a missing tail': { stored: piece(0, 1001), says: ['bytes 1,001 to 3,145,744 are missing'] },
  'two chunks swapped': {
    stored: join(piece(MiB, 2 * MiB), piece(0, MiB), piece(2 * MiB, file.sizeBytes)),
    says: ['bytes 0 to 1,048,575 stand at 1,048,576'],
  },
  'a hole': {
    stored: join(piece(0, 100), Buffer.alloc(1000), piece(1100, file.sizeBytes)),
    says: ['bytes 100 to 1,099 are missing', '1,000 bytes at 100 were never sent'],
  },
  'an envelope around a chunk': {
    stored: join(Buffer.from('--b\r\n\r\n'), piece(0, file.sizeBytes), Buffer.from('\r\n--b--')),
    says: ['7 bytes at 0 were never sent', '7 bytes at 3,145,752 were never sent'],
  },
  'the whole file twice': { stored: join(all, all), says: ['bytes 0 to 3,145,744 are there twice'] },
  'one byte twice': {
    stored: join(piece(0, 11), piece(10, file.sizeBytes)),
    says: ['bytes 10 are there twice'],
  },
  'nothing of it': {
    stored: Buffer.from('<html>'),
    says: ['bytes 0 to 3,145,744 are missing', '6 bytes at 0 were never sent'],
  },
  'nothing at all': { stored: Buffer.alloc(0), says: ['bytes 0 to 3,145,744 are missing'] },
};

describe('what was read back', () => {
  for (const [name, { stored, says }] of Object.entries(corruptions)) {
    it(`is described: ${name}`, () => expect(describeStored(stored)).toEqual(says));
  }

  it('is in order where nothing is wrong', () => {
    expect(runsOf(all, file)).toEqual([{ at: 0, lengthBytes: file.sizeBytes, from: 0 }]);
    expect(describeStored(all)).toEqual([]);
  });

  it('is accounted for byte by byte, however it is shredded', () => {
    const small = positionPayload(9, 400);
    const shred = fc.oneof(
      fc.tuple(fc.nat(400), fc.nat(400)).map(([a, b]) => small.bytes(Math.min(a, b), Math.max(a, b))),
      fc.uint8Array({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(fc.array(shred, { maxLength: 6 }), (shreds) => {
        const stored = join(...shreds);
        let at = 0;
        for (const run of runsOf(stored, small)) {
          expect(run.at).toBe(at);
          at += run.lengthBytes;
          if (run.from === undefined) continue;
          const expected = small.bytes(run.from, run.from + run.lengthBytes);
          expect(stored.subarray(run.at, at).equals(Buffer.from(expected))).toBe(true);
        }
        expect(at).toBe(stored.length);
      }),
    );
  });

  it('is compared from its start where the payload tells no positions', () => {
    const literal = literalPayload(Buffer.from('all the same'));
    expect(describeRuns(runsOf(Buffer.from('all the sand'), literal), literal.sizeBytes)).toEqual([
      'bytes 10 to 11 are missing',
      '2 bytes at 10 were never sent',
    ]);
  });
});

describe('what is known by size and digest only', () => {
  const attempts = [
    { from: 0, to: MiB, acknowledged: true },
    { from: MiB, to: MiB + 400_000, acknowledged: false },
    { from: MiB, to: 2 * MiB, acknowledged: true },
    { from: 2 * MiB, to: 3 * MiB, acknowledged: true },
    { from: 3 * MiB, to: file.sizeBytes, acknowledged: true },
  ];
  const guess = (stored: Uint8Array) => {
    const runs = guessRuns(file, attempts, { sizeBytes: stored.length, sha256: sha256(stored) });
    return runs && describeRuns(runs, file.sizeBytes);
  };

  it.each([
    [
      'the cut chunk counted twice',
      join(piece(0, MiB + 400_000), piece(MiB, file.sizeBytes)),
      ['bytes 1,048,576 to 1,448,575 are there twice'],
    ],
    [
      'some of the cut chunk counted twice',
      join(piece(0, MiB + 65_536), piece(MiB, file.sizeBytes)),
      ['bytes 1,048,576 to 1,114,111 are there twice'],
    ],
    [
      'a chunk lost',
      join(piece(0, 2 * MiB), piece(3 * MiB, file.sizeBytes)),
      ['bytes 2,097,152 to 3,145,727 are missing'],
    ],
    ['a tail lost', piece(0, 1_234_567), ['bytes 1,234,567 to 3,145,744 are missing']],
    [
      'two chunks swapped',
      join(piece(0, MiB), piece(2 * MiB, 3 * MiB), piece(MiB, 2 * MiB), piece(3 * MiB, file.sizeBytes)),
      ['bytes 1,048,576 to 2,097,151 stand at 2,097,152'],
    ],
    [
      'a hole',
      join(piece(0, 2 * MiB), Buffer.alloc(MiB), piece(3 * MiB, file.sizeBytes)),
      ['bytes 2,097,152 to 3,145,727 are missing', '1,048,576 bytes at 2,097,152 were never sent'],
    ],
    ['nothing wrong', Buffer.from(all), []],
  ])('is found by trying: %s', (_name, stored, says) => expect(guess(stored)).toEqual(says));

  it('is left open where no way gives the digest', () => {
    expect(guess(Buffer.alloc(file.sizeBytes, 'x'))).toBeUndefined();
    expect(guess(Buffer.alloc(5))).toBeUndefined();
  });

  it('costs bounded time, however much was sent', () => {
    const many = Array.from({ length: 300 }, (_, index) => ({
      from: index * 1000,
      to: index * 1000 + 1000,
      acknowledged: index % 2 === 0,
    }));
    const startedMs = Date.now();
    expect(guessRuns(file, many, { sizeBytes: 3 * MiB, sha256: '0'.repeat(64) })).toBeUndefined();
    expect(Date.now() - startedMs).toBeLessThan(10_000);
  });
});
