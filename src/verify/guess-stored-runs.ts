import { createHash } from 'node:crypto';
import type { Payload } from './payload.ts';
import type { Run } from './stored-runs.ts';

/** A run of the payload that was sent, in the order of sending. */
export interface Attempt {
  readonly from: number;
  /** One past the last byte that was handed to the network. */
  readonly to: number;
  /** The server answered that it has taken them. */
  readonly acknowledged: boolean;
}

/** Hashing is bounded: about a second of work. */
const HASH_BUDGET_BYTES = 256 * 1024 * 1024;
/** How many ways to combine the pieces are looked at. */
const MOST_COMBINATIONS = 2000;

/**
 * What a server stored, where only its size and digest are known: tries the plausible ways in which what was sent
 * can be doubled, lost, cut short, swapped or left as a hole, until one gives the digest. Undefined where none does.
 */
export function guessRuns(
  payload: Payload,
  attempts: readonly Attempt[],
  stored: { readonly sizeBytes: number; readonly sha256: string },
): readonly Run[] | undefined {
  let budgetBytes = HASH_BUDGET_BYTES;
  for (const runs of hypotheses(payload, attempts, stored.sizeBytes)) {
    budgetBytes -= stored.sizeBytes;
    if (budgetBytes < 0) return undefined;
    if (digestOf(payload, runs) === stored.sha256) return runs;
  }
  return undefined;
}

function* hypotheses(
  payload: Payload,
  attempts: readonly Attempt[],
  sizeBytes: number,
): Generator<readonly Run[]> {
  if (sizeBytes < payload.sizeBytes) yield [{ at: 0, lengthBytes: sizeBytes, from: 0 }];
  const acknowledged = attempts.map((attempt) => attempt.acknowledged);
  let combinations = 0;
  for (const stored of withFlips(acknowledged)) {
    yield* inSequence(
      attempts.filter((_, index) => stored[index]),
      sizeBytes,
    );
    if (++combinations === MOST_COMBINATIONS) break;
  }
  const taken = attempts.filter((attempt) => attempt.acknowledged);
  for (const index of taken.keys()) yield* inSequence(swapped(taken, index), sizeBytes);
  if (sizeBytes === payload.sizeBytes) {
    for (const { from, to } of attempts) yield withHole(from, to, sizeBytes);
  }
}

/** The pieces one behind another, whole; or with one of them cut short, so that the size comes out right. */
function* inSequence(pieces: readonly Attempt[], sizeBytes: number): Generator<readonly Run[]> {
  const surplus = pieces.reduce((total, { from, to }) => total + to - from, 0) - sizeBytes;
  if (surplus === 0) yield placed(pieces);
  if (surplus <= 0) return;
  for (const [index, piece] of pieces.entries()) {
    if (piece.to - piece.from <= surplus) continue;
    yield placed(pieces.with(index, { ...piece, to: piece.to - surplus }));
  }
}

function placed(pieces: readonly Attempt[]): readonly Run[] {
  let at = 0;
  return pieces.map(({ from, to }) => {
    const run = { at, lengthBytes: to - from, from };
    at += to - from;
    return run;
  });
}

function withHole(from: number, to: number, sizeBytes: number): readonly Run[] {
  const runs = [
    { at: 0, lengthBytes: from, from: 0 },
    { at: from, lengthBytes: to - from },
    { at: to, lengthBytes: sizeBytes - to, from: to },
  ];
  return runs.filter(({ lengthBytes }) => lengthBytes > 0);
}

/** The list with no, one, two … of its entries negated: what is nearest to what was acknowledged comes first. */
function* withFlips(list: readonly boolean[]): Generator<readonly boolean[]> {
  for (let flips = 0; flips <= list.length; flips++) yield* flipped(list, flips, 0);
}

function* flipped(list: readonly boolean[], flips: number, start: number): Generator<readonly boolean[]> {
  if (flips === 0) {
    yield list;
    return;
  }
  for (let index = start; index < list.length; index++) {
    yield* flipped(list.with(index, !list[index]), flips - 1, index + 1);
  }
}

function swapped(pieces: readonly Attempt[], index: number): readonly Attempt[] {
  const [first, second] = pieces.slice(index, index + 2);
  if (first === undefined || second === undefined) return [];
  return pieces.with(index, second).with(index + 1, first);
}

function digestOf(payload: Payload, runs: readonly Run[]): string {
  const hash = createHash('sha256');
  for (const { from, lengthBytes } of runs) {
    hash.update(from === undefined ? Buffer.alloc(lengthBytes) : payload.bytes(from, from + lengthBytes));
  }
  return hash.digest('hex');
}
