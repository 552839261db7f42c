import { type Payload, positionOf } from './payload.ts';

/** What a server stored, as runs of the payload: the run at `at` holds the payload's bytes from `from` on. */
export interface Run {
  readonly at: number;
  readonly lengthBytes: number;
  /** Absent where the bytes are none of the payload's. */
  readonly from?: number;
}

/** A report stays readable, and a recording small, however shredded a file is. */
const MAX_RUNS = 64;

/** Splits bytes that were read back into runs of the payload. */
export function runsOf(stored: Uint8Array, payload: Payload): readonly Run[] {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  const runs: Run[] = [];
  let at = 0;
  while (at < bytes.length && runs.length < MAX_RUNS) {
    const found = nextRun(bytes, at, payload);
    const start = found?.at ?? bytes.length;
    if (start > at) runs.push({ at, lengthBytes: start - at });
    if (found) runs.push(found);
    at = start + (found?.lengthBytes ?? 0);
  }
  if (at < bytes.length) runs.push({ at, lengthBytes: bytes.length - at });
  return runs;
}

/** The next run at or behind `from`: the payload in order first, then any place that the bytes tell. */
function nextRun(bytes: Buffer, from: number, payload: Payload): (Run & { from: number }) | undefined {
  const inPlace = extent(bytes, from, payload, from);
  if (inPlace > 0 && (inPlace >= 8 || from + inPlace === bytes.length)) {
    return { at: from, lengthBytes: inPlace, from };
  }
  const { record } = payload;
  if (record.kind !== 'position') return undefined;
  for (let at = from; at < bytes.length; at++) {
    const position = positionOf(record, bytes, at);
    if (position === undefined) continue;
    const before = extentBackwards(bytes, at, payload, position, from);
    const start = at - before;
    return {
      at: start,
      lengthBytes: before + extent(bytes, at, payload, position),
      from: position - before,
    };
  }
  return undefined;
}

/** How many bytes at `at` equal the payload from `position` on. */
function extent(bytes: Buffer, at: number, payload: Payload, position: number): number {
  let length = 0;
  for (;;) {
    const expected = payload.bytes(position + length, position + length + 65_536);
    const actual = bytes.subarray(at + length, at + length + expected.length);
    if (expected.length > 0 && actual.length === expected.length && actual.equals(expected)) {
      length += expected.length;
      continue;
    }
    let same = 0;
    while (same < actual.length && actual[same] === expected[same]) same++;
    return length + same;
  }
}

/** How many bytes in front of `at`, down to `limit`, equal those in front of `position`. */
function extentBackwards(
  bytes: Buffer,
  at: number,
  payload: Payload,
  position: number,
  limit: number,
): number {
  const most = Math.min(at - limit, position, 8);
  const expected = payload.bytes(position - most, position);
  let same = 0;
  while (same < most && bytes[at - same - 1] === expected[most - same - 1]) same++;
  return same;
}

/** What is wrong with stored runs, in sentences; empty where the payload is there once and in order. */
export function describeRuns(runs: readonly Run[], sizeBytes: number): readonly string[] {
  const known = runs.flatMap(({ at, lengthBytes, from }) =>
    from === undefined ? [] : [{ at, from, to: from + lengthBytes }],
  );
  const sentences = [
    ...ranges(known, sizeBytes, (times) => times > 1).map((range) => `bytes ${span(range)} are there twice`),
    ...ranges(known, sizeBytes, (times) => times === 0).map((range) => `bytes ${span(range)} are missing`),
    ...runs.flatMap(({ at, lengthBytes, from }) =>
      from === undefined ? [`${count(lengthBytes)} bytes at ${count(at)} were never sent`] : [],
    ),
  ];
  const disordered = known.find(({ from }, index) => from < (known[index - 1]?.from ?? 0));
  if (disordered !== undefined && sentences.length === 0) {
    sentences.push(`bytes ${span(disordered)} stand at ${count(disordered.at)}`);
  }
  return sentences;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** The ranges of the payload that are covered as often as `wanted` says. */
function ranges(
  known: readonly Range[],
  sizeBytes: number,
  wanted: (times: number) => boolean,
): readonly Range[] {
  const edges = [...new Set([0, sizeBytes, ...known.flatMap(({ from, to }) => [from, to])])].sort(
    (a, b) => a - b,
  );
  const found: Range[] = [];
  for (const [index, from] of edges.entries()) {
    const to = edges[index + 1];
    if (to === undefined) break;
    if (!wanted(known.filter((run) => run.from <= from && run.to >= to).length)) continue;
    const last = found.at(-1);
    if (last?.to === from) found[found.length - 1] = { from: last.from, to };
    else found.push({ from, to });
  }
  return found;
}

function span({ from, to }: Range): string {
  return to - from === 1 ? count(from) : `${count(from)} to ${count(to - 1)}`;
}

/** A number of bytes with thousands marked, the same in every locale. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
