import type { Item } from './items.ts';

export const orderKeys = ['size', 'name', 'mtime'] as const;

export interface Order {
  readonly by: (typeof orderKeys)[number];
  readonly descending: boolean;
}

const ascending: Readonly<Record<Order['by'], (a: Item, b: Item) => number>> = {
  size: (a, b) => a.sizeBytes - b.sizeBytes,
  name: (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0),
  mtime: (a, b) => (a.mtimeNs < b.mtimeNs ? -1 : a.mtimeNs > b.mtimeNs ? 1 : 0),
};

/** Equals stay in the order in which they were named. */
export function ordered(items: readonly Item[], { by, descending }: Order): readonly Item[] {
  const compare = ascending[by];
  return items.toSorted(descending ? (a, b) => compare(b, a) : compare);
}
