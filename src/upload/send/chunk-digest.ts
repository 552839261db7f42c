import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { PulseError } from '../../errors.ts';
import type { ChunkChecksum, Offer } from '../../protocol/protocol.ts';

/** How the checksum of a chunk is computed. */
export interface ChunkDigest {
  /** As the server spells it. */
  readonly algorithm: string;
  readonly of: (bytes: Uint8Array) => ChunkChecksum;
  /** Whether bytes of this digest are these bytes, as far as damage goes: of 32 bits one in four billion passes. */
  readonly isStrong: boolean;
}

interface Algorithm {
  readonly digest: (bytes: Uint8Array) => Buffer;
  /** Left out of `auto`: what servers mean by the name differs (PHP's crc32 is another one than zlib's). */
  readonly isWeak?: true;
}

const hashing = (name: string): Algorithm => ({
  digest: (bytes) => createHash(name).update(bytes).digest(),
});

/** What can be computed here, what is taken first at the top. */
const algorithms: Readonly<Record<string, Algorithm>> = {
  sha256: hashing('sha256'),
  sha512: hashing('sha512'),
  sha1: hashing('sha1'),
  md5: hashing('md5'),
  crc32: {
    digest: (bytes) => {
      const value = Buffer.alloc(4);
      value.writeUInt32BE(crc32(bytes));
      return value;
    },
    isWeak: true,
  },
};

/**
 * The digest that goes with each chunk, as the user wants it and the server compares it. Undefined where there is none
 * to send; throws `refused` where the user named one that the server does not list.
 */
export function chooseDigest(
  wanted: string,
  { checksumAlgorithms: listed = [] }: Offer,
  file: string,
): ChunkDigest | undefined {
  if (wanted === 'none') return undefined;
  const spelling = (name: string) => listed.find((other) => other.toLowerCase() === name);
  if (wanted === 'auto') {
    const [best] = Object.entries(algorithms).filter(
      ([name, { isWeak }]) => !isWeak && spelling(name) !== undefined,
    );
    return best && digestOf(spelling(best[0]) ?? best[0], best[1]);
  }
  const algorithm = algorithms[wanted];
  const spelt = spelling(wanted);
  if (algorithm !== undefined && spelt !== undefined) return digestOf(spelt, algorithm);
  const isAny = listed.length > 0;
  const fact = isAny
    ? `the server compares ${listed.join(', ')}, and no ${wanted}`
    : 'the server offers to compare no checksums of chunks';
  throw new PulseError('refused', `${file} was not sent: ${fact}`, {
    hint: isAny
      ? 'name another one with --checksum, or leave it out: the strongest that is known here is used'
      : 'leave out --checksum',
  });
}

function digestOf(algorithm: string, { digest, isWeak }: Algorithm): ChunkDigest {
  return {
    algorithm,
    of: (bytes) => ({ algorithm, base64: digest(bytes).toString('base64') }),
    isStrong: !isWeak,
  };
}
