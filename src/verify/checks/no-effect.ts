import { isGone, outcomeOf } from '../answers.ts';
import { Blocked, Violation } from '../check.ts';
import { expectContent, expectRefused } from '../expect.ts';
import type { Content } from '../probe/content.ts';
import type { KnownOffset } from '../probe/offsets.ts';
import type { Trial } from '../scenarios/trial.ts';
import { count } from '../stored-runs.ts';

/** The words of judges about requests that must leave an upload as it was. */

/** The request was refused with any 4xx, and the upload stands where it stood. */
export function expectRefusedWithoutEffect(trial: Trial): undefined {
  expectRefused(trial.exchange, { expected: `any 4xx, and the offset stays ${trial.beforeBytes}` });
  expectUnmoved(trial);
}

/** The upload stands where it stood before the request. */
export function expectUnmoved({ beforeBytes, exchange, after }: Trial): undefined {
  const bytes = standsAt(after);
  if (bytes === beforeBytes) return;
  const actual = `${outcomeOf(exchange)}, and the upload stands at ${count(bytes)}`;
  const evidence = [exchange, ...after.exchanges.slice(-1)];
  throw new Violation({ expected: `the offset stays ${count(beforeBytes)}`, actual, evidence });
}

/**
 * Where the upload stands by the server's own word. That it is gone, or that nobody answers any more, is a
 * violation of whatever was asked; a server that never says it has been judged for that elsewhere.
 */
export function standsAt({ bytes, exchanges }: KnownOffset): number {
  const last = exchanges.at(-1);
  if (last !== undefined && (last.answer === undefined || (bytes === undefined && isGone(last)))) {
    const actual = `${last.sent.method} afterwards: ${outcomeOf(last)}`;
    throw new Violation({ expected: 'the upload is still there', actual, evidence: [last] });
  }
  if (bytes !== undefined) return bytes;
  throw new Blocked('the server does not say where the upload stands', last ? [last] : []);
}

/** For a question that has other evidence too: content that nobody can read back is a remark, not a skip. */
export function expectContentWhereKnown(content: Content): string | undefined {
  return content.by === 'none' ? content.unknown : expectContent(content);
}
