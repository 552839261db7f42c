import { headerOf, isSuccess } from '../answers.ts';
import { Blocked } from '../check.ts';
import type { Exchange } from '../recording.ts';

/** The Location values of creations that succeeded; Blocked where there are too few to compare. */
export function uploadUrlsOf(creations: readonly Exchange[]): readonly string[] {
  const urls = creations.flatMap((exchange) =>
    isSuccess(exchange) ? (headerOf(exchange, 'Location') ?? []) : [],
  );
  if (urls.length < 10) throw new Blocked('too few uploads could be created', creations.slice(0, 3));
  return urls;
}

/** Places with more symbols than this are taken to use all symbols of their alphabet. */
const MANY_SYMBOLS = 8;

const alphabets: readonly (readonly [RegExp, number])[] = [
  [/^[0-9]$/, 10],
  [/^[0-9a-f]$/, 16],
  [/^[0-9A-F]$/, 16],
  [/^[0-9a-z]$/, 32],
  [/^[0-9A-Z]$/, 32],
];
const LARGEST_ALPHABET = 64;

/**
 * How many bits the places in which the texts differ can hold, seen from outside: an upper bound of what a guesser
 * must find out. Counters and times differ in their last places only.
 */
export function varietyBits(texts: readonly string[]): number {
  const length = Math.min(...texts.map((text) => text.length));
  const places = Array.from({ length }, (_, at) => [...new Set(texts.map((text) => text.charAt(at)))]);
  const varying = places.filter((symbols) => symbols.length > 1);
  const used = varying.flat();
  const alphabet =
    alphabets.find(([pattern]) => used.every((symbol) => pattern.test(symbol)))?.[1] ?? LARGEST_ALPHABET;
  return varying
    .map((symbols) => Math.log2(symbols.length >= MANY_SYMBOLS ? alphabet : symbols.length))
    .reduce((total, bits) => total + bits, 0);
}
