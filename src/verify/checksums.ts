import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The digests that the tester can compute, by their names in Tus-Checksum-Algorithm. */
const digesters: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  sha1: hashing('sha1'),
  sha256: hashing('sha256'),
  sha512: hashing('sha512'),
  md5: hashing('md5'),
  crc32: (bytes) => {
    const digest = Buffer.alloc(4);
    digest.writeUInt32BE(crc32(bytes));
    return digest;
  },
};

export const computable: readonly string[] = Object.keys(digesters);

/** The value of Upload-Checksum for these bytes; throws for a name that is not in `computable`. */
export function checksumOf(name: string, bytes: Uint8Array): string {
  return `${name} ${digestOf(name, bytes).toString('base64')}`;
}

export function digestOf(name: string, bytes: Uint8Array): Buffer {
  const digest = digesters[name];
  if (digest === undefined) throw new Error(`no digest is called ${name}`);
  return digest(bytes);
}

function hashing(algorithm: string) {
  return (bytes: Uint8Array) => createHash(algorithm).update(bytes).digest();
}
