import { PulseError } from '../errors.ts';
import type { CheckResult, Verdict } from './judge.ts';

/** A failure that is known, and why it stands for now. */
export interface ExpectedFailure {
  readonly id: string;
  readonly reason: string;
}

/**
 * Reads an expect-failures file: one check a line, id and reason; empty lines and lines that begin with `#` are
 * comments. Throws PulseError `usage` for an unknown or doubled id, and for a line without a reason.
 */
export function parseExpectedFailures(
  text: string,
  knownIds: readonly string[],
  source = 'expect-failures',
): readonly ExpectedFailure[] {
  const known = new Set(knownIds);
  const seen = new Set<string>();
  return text.split(/\r?\n/).flatMap((line, index) => {
    const [, id = '', reason = ''] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? [];
    if (id === '' || id.startsWith('#')) return [];
    const wrong = !known.has(id)
      ? `there is no check ${id}`
      : seen.has(id)
        ? `${id} stands there twice`
        : reason === ''
          ? `${id} has no reason`
          : undefined;
    if (wrong !== undefined) {
      throw new PulseError('usage', `${source}, line ${index + 1}: ${wrong}`, {
        hint: 'one check a line: its whole id, then the reason why it may fail; verify --list shows all ids',
      });
    }
    seen.add(id);
    return [{ id, reason }];
  });
}

export interface Matched {
  /** Ids whose failure was expected: they do not count against the server. */
  readonly expected: ReadonlySet<string>;
  /** Expected to fail, but it did not: the entry must go. */
  readonly stale: readonly ExpectedFailure[];
}

/** Where a check could not be judged, nobody can say that its entry is out of date. */
const undecided: ReadonlySet<Verdict> = new Set(['skip', 'blocked', 'error']);
const failing: ReadonlySet<Verdict> = new Set(['fail', 'warn']);

export function matchExpected(entries: readonly ExpectedFailure[], results: readonly CheckResult[]): Matched {
  const verdicts = new Map(results.map(({ id, verdict }) => [id, verdict]));
  const expected = entries.filter(({ id }) => failing.has(verdicts.get(id) ?? 'skip'));
  const stale = entries.filter(({ id }) => {
    const verdict = verdicts.get(id);
    return verdict !== undefined && !failing.has(verdict) && !undecided.has(verdict);
  });
  return { expected: new Set(expected.map(({ id }) => id)), stale };
}
