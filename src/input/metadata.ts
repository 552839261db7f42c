import { PulseError } from '../errors.ts';
import { METADATA_KEY } from '../protocol/headers.ts';

/** Upload metadata out of `key=value` texts; everything after the first equals sign is the value. */
export function parseMetadataPairs(
  texts: readonly string[],
  source: string,
): Readonly<Record<string, string>> {
  const pairs = new Map<string, string>();
  for (const text of texts) {
    const equals = text.indexOf('=');
    const key = text.slice(0, Math.max(0, equals));
    checkMetadataKey(
      key,
      `${source} is '${text}', expected key=value with a key`,
      `write for example ${source} camera=7`,
    );
    if (pairs.has(key)) {
      const fact = `${source} gives '${key}' twice, expected every key once`;
      throw new PulseError('usage', fact, { hint: `leave one of them out` });
    }
    pairs.set(key, text.slice(equals + 1));
  }
  return Object.fromEntries(pairs);
}

/** Throws where a key cannot stand in Upload-Metadata; `fact` says what was given and ends in "a key". */
export function checkMetadataKey(key: string, fact: string, hint: string): void {
  if (!METADATA_KEY.test(key))
    throw new PulseError('usage', `${fact} of ASCII without spaces and commas`, { hint });
}
