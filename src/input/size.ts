import { rejected } from './rejected.ts';

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  '': 1,
  k: 1024,
  kib: 1024,
  m: 1024 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gib: 1024 ** 3,
};

/** Two chunks are held in memory at a time, so that one can be read while the other is sent. */
const MAX_CHUNK_BYTES = 1024 ** 3;

/** Whole bytes of `1048576`, `512KiB`, `1MiB`, `2GiB`; `k`, `M`, `G` mean the same. Zero is no size. */
export function parseSizeBytes(text: string, source: string): number {
  const match = /^(\d{1,16}(?:\.\d{1,6})?)([a-z/]*)$/i.exec(text);
  const [, count, written = ''] = match ?? [];
  const unit = written.toLowerCase();
  const perUnit = Object.hasOwn(BYTES_PER_UNIT, unit) ? BYTES_PER_UNIT[unit] : undefined;
  // kB and MB mean 1000 to some and 1024 to others.
  if (perUnit === undefined)
    throw rejected(
      source,
      text,
      'the unit KiB, MiB or GiB (or k, M, G, which mean the same), or none for bytes',
      examples,
    );
  const bytes = Number(count) * perUnit;
  if (bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw rejected(source, text, 'a size of at least one byte', examples);
}

const examples = 'write for example 1048576, 512KiB, 1MiB or 2GiB';

/** A size a second: `/s` may be said, as progress says it. */
export function parseBytesPerSecond(text: string, source: string): number {
  return parseSizeBytes(text.replace(/(?<=\d([kmg](ib)?)?)\/s$/i, ''), source);
}

/** A size that may be none. */
export function parseLengthBytes(text: string, source: string): number {
  return /^0+$/.test(text) ? 0 : parseSizeBytes(text, source);
}

/** Bytes, or `auto`: the line decides. */
export function parseChunkSize(text: string, source: string): number | 'auto' {
  if (text.toLowerCase() === 'auto') return 'auto';
  const bytes = parseSizeBytes(text, source);
  if (bytes <= MAX_CHUNK_BYTES) return bytes;
  throw rejected(
    source,
    text,
    'at most 1GiB, since chunks are held in memory',
    'leave it out: 1MiB suits most servers; or say auto',
  );
}
