import { PulseError } from '../../errors.ts';
import type { Behaviour, Filter } from '../parts.ts';
import type { RuleChanges } from '../rules.ts';
import type { Defect } from './defect.ts';

/**
 * Several mistakes in one server.
 * Throws PulseError `usage` where two replace the same step, because only one of them would be made.
 */
export function together(defects: readonly Defect[]): Behaviour {
  const made = defects.map(({ id, behaviour }) => ({ id, behaviour: behaviour() }));
  const owners = new Map<string, string>();
  for (const { id, behaviour } of made) {
    for (const step of replaced(behaviour)) {
      const owner = owners.get(step);
      if (owner !== undefined) throw clash(owner, id);
      owners.set(step, id);
    }
  }
  return made.map(({ behaviour }) => behaviour).reduce(joined, {});
}

function clash(one: string, other: string): PulseError {
  const fact = `${one} and ${other} change the same step of the server, expected mistakes that can be made together`;
  return new PulseError('usage', fact, { hint: 'start a server for each of them' });
}

/** The steps of which there is one only; filters, stores and connections are passed through one after another. */
function replaced({ filter: _, store: __, connection: ___, ...steps }: Behaviour): readonly string[] {
  return Object.entries(steps).flatMap(([step, change]) => {
    if (change === undefined) return [];
    if (step === 'answers') return Object.keys(change).map((name) => `answers.${name}`);
    if (step !== 'rules') return [step];
    return Object.entries(change as RuleChanges).flatMap(([group, changes]) =>
      Object.keys(changes ?? {}).map((name) => `rules.${group}.${name}`),
    );
  });
}

function joined(one: Behaviour, other: Behaviour): Behaviour {
  const { store: below, connection: first } = one;
  const { store: above, connection: second } = other;
  return {
    ...one,
    ...other,
    rules: joinedRules(one.rules ?? {}, other.rules ?? {}),
    answers: { ...one.answers, ...other.answers },
    store: below && above ? (store) => above(below(store)) : (below ?? above),
    filter: one.filter && other.filter ? nested(one.filter, other.filter) : (one.filter ?? other.filter),
    connection(socket) {
      first?.(socket);
      second?.(socket);
    },
  };
}

function joinedRules(one: RuleChanges, other: RuleChanges): RuleChanges {
  const groups = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof RuleChanges>;
  return Object.fromEntries([...groups].map((group) => [group, { ...one[group], ...other[group] }]));
}

/** The outer one stands around the inner one, and each sees what the other changed. */
function nested(outer: Filter, inner: Filter): Filter {
  return (exchange, next, parts) =>
    outer(
      exchange,
      (changed) => inner({ ...exchange, ...changed }, (more) => next({ ...changed, ...more }), parts),
      parts,
    );
}
