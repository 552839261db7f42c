import { createHash, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type Extension, offers } from '../extension.ts';
import { type Exchange, type Reply, refusal } from '../http/exchange.ts';
import { type Receive, receive } from '../http/receive.ts';
import type { Parts } from '../parts.ts';
import { writeAll } from '../store/write-all.ts';

/** A checksum that grows with the bytes of a chunk. */
interface Running {
  readonly update: (bytes: Uint8Array) => void;
  readonly digest: () => Uint8Array;
}

function hashing(algorithm: string): () => Running {
  return () => {
    const hash = createHash(algorithm);
    return { update: (bytes) => hash.update(bytes), digest: () => hash.digest() };
  };
}

/** The names that tus 1.0 lets servers choose from, sha1 first: it is the one that every server must have. */
const algorithms: Readonly<Record<string, () => Running>> = {
  sha1: hashing('sha1'),
  sha256: hashing('sha256'),
  sha512: hashing('sha512'),
  md5: hashing('md5'),
  crc32: () => {
    let value = 0;
    return {
      update: (bytes) => {
        value = crc32(bytes, value);
      },
      digest: () => {
        const bytes = Buffer.alloc(4);
        bytes.writeUInt32BE(value);
        return bytes;
      },
    };
  },
};

interface Wanted {
  readonly start: () => Running;
  readonly digest: Uint8Array;
}

/** The decisions of the extension; a deliberate defect replaces one. */
export interface ChecksumDecisions {
  readonly parse: (text: string) => Wanted | Reply;
  readonly agrees: (computed: Uint8Array, wanted: Uint8Array) => boolean;
}

export const standardChecksum: ChecksumDecisions = {
  parse: (text) => {
    const [name, value, ...rest] = text.split(' ');
    const isPair = name !== undefined && value !== undefined && rest.length === 0;
    if (!isPair || !/^(?:[A-Za-z0-9+/]{4})+$|^(?:[A-Za-z0-9+/]{4})*[A-Za-z0-9+/]{2,3}={1,2}$/.test(value))
      return refusal(400, 'Upload-Checksum must be an algorithm, one blank and a digest in base64');
    const start = Object.hasOwn(algorithms, name) ? algorithms[name] : undefined;
    return start === undefined
      ? refusal(
          400,
          `the checksum algorithm "${name}" is unknown, expected one of ${Object.keys(algorithms)}`,
        )
      : { start, digest: Buffer.from(value, 'base64') };
  },
  agrees: (computed, wanted) => computed.length === wanted.length && timingSafeEqual(computed, wanted),
};

/** Status 460 of tus 1.0, Checksum. */
function mismatch(): Reply {
  return refusal(460, 'the bytes do not have the checksum that came with them; nothing of them was stored');
}

/**
 * A chunk with Upload-Checksum counts only when its bytes agree (tus 1.0, Checksum). Until then they lie apart from
 * the upload, so that a crash cannot make them count; a broken chunk is thrown away as well, for nothing vouches
 * for it.
 */
export function checksum(changes: Partial<ChecksumDecisions> = {}): Extension {
  const decisions = { ...standardChecksum, ...changes };
  return {
    name: 'checksum',
    discovered: { 'Tus-Checksum-Algorithm': Object.keys(algorithms).join(',') },
    receive: (exchange, parts) => {
      const text = exchange.request.headers['upload-checksum'];
      if (text === undefined) {
        return hasTrailer(exchange, parts)
          ? checked(() => fromTrailer(exchange, decisions), decisions, parts)
          : undefined;
      }
      const wanted = decisions.parse(text);
      return 'status' in wanted ? wanted : checked(() => wanted, decisions, parts);
    },
  };
}

/** The checksum may follow the body (tus 1.0, Checksum: checksum-trailer). */
export const checksumTrailer: Extension = { name: 'checksum-trailer' };

function hasTrailer({ request }: Exchange, parts: Parts): boolean {
  const names = (request.headers.trailer ?? '').toLowerCase().split(',');
  return offers(parts, checksumTrailer.name) && names.some((name) => name.trim() === 'upload-checksum');
}

function fromTrailer({ incoming }: Exchange, { parse }: ChecksumDecisions): Wanted | Reply {
  const text = incoming.trailers['upload-checksum'];
  return text === undefined
    ? refusal(400, 'the trailer Upload-Checksum was promised and did not come')
    : parse(text);
}

function checked(wantedNow: () => Wanted | Reply, { agrees }: ChecksumDecisions, { store }: Parts): Receive {
  return async (job) => {
    const spool = await store.spool(job.upload.info.id);
    try {
      // Counted apart: HEAD must not show bytes that may be thrown away.
      const apart = { ...job.upload, offsetBytes: 0 };
      const ending = await receive({ ...job, upload: apart, writer: spool.writer });
      if (ending.kind !== 'whole') return ending;
      const wanted = wantedNow();
      if ('status' in wanted) return { kind: 'refused', reply: wanted };
      const running = wanted.start();
      for await (const bytes of spool.read()) running.update(bytes);
      if (!agrees(running.digest(), wanted.digest)) return { kind: 'refused', reply: mismatch() };
      for await (const bytes of spool.read()) {
        job.upload.offsetBytes += await writeAll(bytes, job.upload.offsetBytes, job.writer);
        job.touch();
      }
      return ending;
    } catch (thrown) {
      return { kind: 'failed', thrown };
    } finally {
      await spool.remove();
    }
  };
}
