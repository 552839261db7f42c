import type { Levels } from './check.ts';

/** The level of a requirement in each protocol, by the names that checks use. */

export const must: Levels = { pulse: 'MUST', tus: 'MUST', 'pulse-v1': 'MUST' };
export const should: Levels = { pulse: 'SHOULD', tus: 'SHOULD', 'pulse-v1': 'SHOULD' };
export const may: Levels = { pulse: 'MAY', tus: 'MAY', 'pulse-v1': 'MAY' };
export const safety: Levels = { pulse: 'safety', tus: 'safety', 'pulse-v1': 'safety' };

/** What plain tus demands and the Pulse facade does not promise (OPTIONS, version negotiation, method override, metadata). */
export const tusMust: Levels = { tus: 'MUST', pulse: 'SHOULD', 'pulse-v1': 'MUST' };
export const tusSafety: Levels = { tus: 'safety', pulse: 'SHOULD', 'pulse-v1': 'safety' };

/** Demanded, but missing in so many good servers that no client relies on it. */
export const commonlyMissing: Levels = { pulse: 'SHOULD', tus: 'SHOULD', 'pulse-v1': 'SHOULD' };

export const pulseMust: Levels = { pulse: 'MUST' };
export const pulseMay: Levels = { pulse: 'MAY' };
export const pulseSafety: Levels = { pulse: 'safety' };

/** The Pulse Upload Protocol v1. */
export const v1Must: Levels = { 'pulse-v1': 'MUST' };
export const v1Should: Levels = { 'pulse-v1': 'SHOULD' };
export const v1May: Levels = { 'pulse-v1': 'MAY' };
export const v1Safety: Levels = { 'pulse-v1': 'safety' };
