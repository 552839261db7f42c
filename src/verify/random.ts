import { createHash } from 'node:crypto';

/** A number in [0, 1), like Math.random, but the same sequence for the same seed. */
export type Random = () => number;

/** A 32-bit seed out of any names and numbers: each purpose gets its own sequence. */
export function seedOf(...names: readonly (string | number)[]): number {
  return createHash('sha256').update(JSON.stringify(names)).digest().readUInt32LE(0);
}

/** The mulberry32 generator: enough for choosing positions and orders. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `from` to `to`, both included. */
export function integerBetween(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

/** The same items in another order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = integerBetween(random, 0, last);
    const item = order[last] as T;
    order[last] = order[other] as T;
    order[other] = item;
  }
  return order;
}

const DIGITS = '0123456789';
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const HEX = `${DIGITS}abcdef`;
const classes = [DIGITS, LETTERS, LETTERS.toUpperCase()];

/** An identifier drawn from fewer possibilities than this may be somebody's: then it becomes longer. */
const UNKNOWN_BITS = 64;
/** As many digits as are always below 2^63, where the integers of databases end. */
const INTEGER_DIGITS = 18;

/**
 * Another identifier of the same shape, which nobody has ever been given: letters for letters, digits for digits,
 * hex for hex, UUIDs of the same version. What is short, as the numbers that a database counts, becomes longer.
 */
export function shapedLike(id: string, random: Random): string {
  if (/^\d{1,19}$/.test(id))
    return picked('123456789', random) + pickedTimes(DIGITS, INTEGER_DIGITS - 1, random);
  const isHex = /^[0-9a-f-]{8,}$/.test(id);
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
  const alphabets = [...id].map((character, index) => {
    if (isUuid && (index === 14 || index === 19)) return undefined;
    return isHex && character !== '-' ? HEX : classes.find((letters) => letters.includes(character));
  });
  const drawn = alphabets.filter((alphabet) => alphabet !== undefined);
  const bits = drawn.reduce((sum, { length }) => sum + Math.log2(length), 0);
  const more = drawn.at(-1) ?? LETTERS;
  const like = [...id].map((character, index) => {
    const alphabet = alphabets[index];
    return alphabet === undefined ? character : picked(alphabet, random);
  });
  const missing = Math.max(0, Math.ceil((UNKNOWN_BITS - bits) / Math.log2(more.length)));
  return like.join('') + pickedTimes(more, missing, random);
}

function picked(alphabet: string, random: Random): string {
  return alphabet[integerBetween(random, 0, alphabet.length - 1)] ?? '';
}

function pickedTimes(alphabet: string, times: number, random: Random): string {
  return Array.from({ length: times }, () => picked(alphabet, random)).join('');
}
