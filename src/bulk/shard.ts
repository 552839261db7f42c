import type { Item } from './items.ts';

/** A share of the work: `index` counts from 1 to `count`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** What a file costs beside its bytes: a few requests. Without it one share would get every small file. */
const COST_PER_FILE_BYTES = 256 * 1024;

/**
 * The share of a list that is one worker's. The same list gives the same shares, in whatever order it comes and on
 * whatever machine; they differ in bytes by no more than the largest file. Largest first to the emptiest share (LPT).
 */
export function shareOf(items: readonly Item[], { index, count }: Shard): readonly Item[] {
  const loads = new Array<number>(count).fill(0);
  const own = new Set<Item>();
  for (const item of items.toSorted(largestFirst)) {
    const target = loads.indexOf(Math.min(...loads));
    loads[target] = (loads[target] ?? 0) + item.sizeBytes + COST_PER_FILE_BYTES;
    if (target === index - 1) own.add(item);
  }
  return items.filter((item) => own.has(item));
}

/** Names decide between equals, compared by code units: no machine's locale may have a say. */
function largestFirst(a: Item, b: Item): number {
  return b.sizeBytes - a.sizeBytes || (a.file < b.file ? -1 : 1);
}
