import { headerOf, isSuccess, offsetOf, outcomeOf } from './answers.ts';
import { Blocked, Skip, Violation, type ViolationDetails } from './check.ts';
import { guessRuns } from './guess-stored-runs.ts';
import { payloadOf } from './payload.ts';
import type { Content } from './probe/content.ts';
import type { Finish } from './probe/finish.ts';
import type { AnswerRecord, Exchange } from './recording.ts';
import { count, describeRuns } from './stored-runs.ts';

/** The words of judges. Each returns, or throws Violation; what it returns besides nothing is a remark. */

type StatusClass = '1xx' | '2xx' | '3xx' | '4xx' | '5xx';
export type Statuses = readonly (number | StatusClass)[];

type Extra = Omit<ViolationDetails, 'actual' | 'evidence'>;

/** The answer of an exchange that the check is about: no answer is a violation. */
export function expectAnswer(exchange: Exchange | undefined, extra: Extra = {}): AnswerRecord {
  if (exchange === undefined) throw new Blocked('the scenario did not come as far as this request');
  if (exchange.answer === undefined) {
    throw new Violation({ ...extra, actual: outcomeOf(exchange), evidence: [exchange] });
  }
  return exchange.answer;
}

/**
 * The status is one of `pass`. One of `note` passes with a remark, one of `warn` is a deviation that is never more
 * than a warning; everything else, and no answer, violates the requirement.
 */
export function expectStatus(
  exchange: Exchange | undefined,
  pass: Statuses,
  { note = [], warn = [], ...extra }: Extra & { readonly note?: Statuses; readonly warn?: Statuses } = {},
): string | undefined {
  const expected = extra.expected ?? `status ${pass.join(' or ')}`;
  const { status } = expectAnswer(exchange, { ...extra, expected });
  if (includes(pass, status)) return undefined;
  if (includes(note, status)) return `answered ${status} rather than ${pass.join(' or ')}`;
  const atMost = includes(warn, status) ? { atMost: 'warn' as const } : {};
  throw new Violation({
    ...extra,
    ...atMost,
    expected,
    actual: exchange ? outcomeOf(exchange) : '',
    evidence: [exchange],
  });
}

/** Any 4xx: the request was understood, and refused. */
export function expectRefused(exchange: Exchange | undefined, extra?: Extra): string | undefined {
  return expectStatus(exchange, ['4xx'], extra);
}

/** The header is there, alone, and reads as wanted. Returns nothing, so that judges can end with it. */
export function expectHeader(
  exchange: Exchange | undefined,
  name: string,
  wanted: string | RegExp,
  extra: Extra = {},
): undefined {
  const expected =
    extra.expected ?? `${name}: ${typeof wanted === 'string' ? wanted : `a value like ${wanted.source}`}`;
  expectAnswer(exchange, { ...extra, expected });
  const value = headerOf(exchange, name);
  if (value !== undefined && (typeof wanted === 'string' ? value === wanted : wanted.test(value))) return;
  const actual = value === undefined ? `no ${name}` : `${name}: ${value}`;
  throw new Violation({ ...extra, expected, actual, evidence: [exchange] });
}

export function expectNoHeader(exchange: Exchange | undefined, name: string, extra: Extra = {}): undefined {
  expectAnswer(exchange, extra);
  const value = headerOf(exchange, name);
  if (value === undefined) return;
  throw new Violation({
    expected: `no ${name}`,
    ...extra,
    actual: `${name}: ${value}`,
    evidence: [exchange],
  });
}

/** The answer's Upload-Offset is this number, or lies between these two, both included. */
export function expectOffset(
  exchange: Exchange | undefined,
  wanted: number | { readonly from: number; readonly to: number },
  extra: Extra = {},
): undefined {
  const { from, to } = typeof wanted === 'number' ? { from: wanted, to: wanted } : wanted;
  const expected =
    extra.expected ?? `Upload-Offset ${from === to ? count(from) : `from ${count(from)} to ${count(to)}`}`;
  expectAnswer(exchange, { ...extra, expected });
  const offset = offsetOf(exchange);
  if (offset !== undefined && offset >= from && offset <= to) return;
  const value = headerOf(exchange, 'Upload-Offset');
  const actual = `${exchange ? outcomeOf(exchange) : ''} with ${value === undefined ? 'no Upload-Offset' : `Upload-Offset: ${value}`}`;
  throw new Violation({ ...extra, expected, actual, evidence: [exchange] });
}

/** An exchange that the question builds on: Blocked unless it succeeded. Not for the exchange that is judged. */
export function needed(exchange: Exchange | undefined, what: string): Exchange {
  if (exchange === undefined) throw new Blocked(`the scenario did not come as far as ${what}`);
  if (!isSuccess(exchange)) throw new Blocked(`${what} was refused: ${outcomeOf(exchange)}`, [exchange]);
  return exchange;
}

/** Whoever is told that a video is damaged looks among the bytes for a lock that was left behind. */
export const whereLocked = (last: Exchange | undefined): Pick<Extra, 'matters'> =>
  last?.answer?.status === 423
    ? { matters: 'a request that is over still holds the lock: nobody can go on with the upload' }
    : {};

/** The rest of the file could be sent. */
export function expectFinished(finish: Finish, extra: Extra = {}): undefined {
  if (finish.complete) return;
  throw new Violation({
    expected: 'the upload can be sent to its end',
    ...whereLocked(finish.exchanges.at(-1)),
    ...extra,
    actual: finish.trouble ?? `it stands at ${count(finish.offset ?? 0)}`,
    evidence: finish.exchanges.slice(-4),
  });
}

/** What the server holds is what was sent, byte for byte. Where nobody can know, the check is skipped. */
export function expectContent(content: Content, extra: Extra = {}): undefined {
  const { expected, stored, unknown, exchange } = content;
  if (content.by === 'none') throw new Skip(unknown);
  const wanted = { expected: `${count(expected.sizeBytes)} bytes with sha256 ${expected.sha256}`, ...extra };
  if (stored === undefined) {
    const actual = unknown ?? 'nothing';
    throw new Violation({ ...whereLocked(exchange), ...wanted, actual, evidence: [exchange] });
  }
  const size = stored.sizeBytes ?? expected.sizeBytes;
  const found = content.by === 'read-back' ? 'your command reads back ' : '';
  if (stored.sha256 === expected.sha256 && size === expected.sizeBytes) return;
  throw new Violation({
    ...wanted,
    actual: `${found}${count(size)} bytes with sha256 ${stored.sha256}: ${differences(content).join('; ')}`,
    isLoss: true,
    evidence: [exchange],
  });
}

/** Several remarks as one; undefined where there is none. */
export function remarks(...found: readonly (string | undefined)[]): string | undefined {
  const said = [...new Set(found.filter((remark) => remark !== undefined))];
  return said.length === 0 ? undefined : said.join('; ');
}

/** How the stored bytes differ, from what was read back or by trying what may have happened. */
function differences({ expected, stored, runs, attempts }: Content): readonly string[] {
  if (stored === undefined) return [];
  const sizeBytes = stored.sizeBytes ?? expected.sizeBytes;
  const known = runs ?? guessRuns(payloadOf(expected.payload), attempts, { ...stored, sizeBytes });
  const sentences = known ? describeRuns(known, expected.sizeBytes) : [];
  return sentences.length > 0
    ? sentences
    : ['no plain doubling, loss or misplacement of what was sent explains it'];
}

function includes(statuses: Statuses, status: number): boolean {
  const statusClass = `${Math.floor(status / 100)}xx`;
  return statuses.some((wanted) => wanted === status || wanted === statusClass);
}
