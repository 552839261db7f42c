import type { Check, Section } from './check.ts';
import { type Random, shuffled } from './random.ts';
import type { Scenario } from './scenario.ts';
import { type Permissions, type Target, unmetNeed } from './target.ts';

/** Scenarios that belong together: those that a section of the requirements is the first to read. */
export interface Group {
  readonly title: string;
  readonly scenarios: readonly Scenario[];
}

export interface Plan {
  /** Run side by side, group after group. */
  readonly groups: readonly Group[];
  /** Run one by one at the end, because they need the server for themselves. */
  readonly alone: readonly Scenario[];
  /** Checks that are not run, and why. */
  readonly skipped: ReadonlyMap<Check, string>;
  /** Payload that the scenarios declare. */
  readonly sendsBytes: number;
}

/** What a scenario sends where it does not say. */
const USUAL_BYTES = 64 * 1024;

/** Payload that these scenarios declare. */
export function bytesOf(scenarios: Iterable<Scenario>): number {
  return [...scenarios].reduce((total, { sendsBytes = USUAL_BYTES }) => total + sendsBytes, 0);
}

/** What will run for these checks, and in which order. `notPooled` scenarios are run by somebody else. */
export function planOf(
  sections: readonly Section[],
  checks: readonly Check[],
  target: Target,
  permissions: Permissions,
  random: Random,
  notPooled: readonly Scenario[] = [],
): Plan {
  const skipped = new Map<Check, string>();
  const planned = new Set<Scenario>(notPooled);
  const groups: Group[] = [];
  for (const section of sections) {
    const wanted = new Set<Scenario>();
    for (const check of checks.filter((candidate) => section.checks.includes(candidate))) {
      const reason = whyNot(check, target, permissions);
      if (reason !== undefined) skipped.set(check, reason);
      else for (const needed of scenariosOf(check, target, permissions)) wanted.add(needed);
    }
    const scenarios = [...wanted].filter((candidate) => !planned.has(candidate));
    for (const candidate of scenarios) planned.add(candidate);
    groups.push({ title: section.title, scenarios: shuffled(scenarios, random) });
  }
  const all = groups.flatMap(({ scenarios }) => scenarios);
  return {
    groups: groups
      .map(({ title, scenarios }) => ({ title, scenarios: scenarios.filter(({ alone }) => !alone) }))
      .filter(({ scenarios }) => scenarios.length > 0),
    alone: all.filter(({ alone }) => alone),
    skipped,
    sendsBytes: bytesOf(all),
  };
}

/** The scenarios that must run before this check can be judged. */
export function scenariosOf(check: Check, target: Target, permissions: Permissions): readonly Scenario[] {
  const { reads } = check;
  if (!('atLeast' in reads)) return [reads];
  return reads.atLeast.filter(({ needs }) => unmetNeed(needs, target, permissions) === undefined);
}

function whyNot(check: Check, target: Target, permissions: Permissions): string | undefined {
  if (check.level[target.protocol] === undefined) return `not part of ${target.protocol}`;
  const { reads } = check;
  const needs = 'atLeast' in reads ? check.needs : [...(reads.needs ?? []), ...(check.needs ?? [])];
  return unmetNeed(needs, target, permissions);
}
