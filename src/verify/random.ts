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

const classes = ['0123456789', 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const HEX = '0123456789abcdef';

/** Another identifier of the same shape: letters for letters, digits for digits, hex for hex, UUIDs of the same version. */
export function shapedLike(id: string, random: Random): string {
  const isHex = /^[0-9a-f-]{8,}$/.test(id);
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
  return [...id]
    .map((character, index) => {
      if (isUuid && (index === 14 || index === 19)) return character;
      const alphabet =
        isHex && character !== '-' ? HEX : classes.find((letters) => letters.includes(character));
      return alphabet === undefined ? character : alphabet[integerBetween(random, 0, alphabet.length - 1)];
    })
    .join('');
}
