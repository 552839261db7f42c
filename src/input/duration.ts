import { rejected } from './rejected.ts';

const MS_PER_UNIT: Readonly<Record<string, number>> = { '': 1_000, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** The longest time that a timer of Node waits: about 24 days. */
export const MAX_MS = 2 ** 31 - 1;

/** Milliseconds of `100ms`, `2s`, `5m`, `1h`; a bare number is seconds. Zero is no duration. */
export function parseDurationMs(text: string, source: string): number {
  const [, count, unit = ''] = /^(\d{1,12}(?:\.\d{1,6})?)([a-z]*)$/i.exec(text) ?? [];
  const msPerUnit = Object.hasOwn(MS_PER_UNIT, unit) ? MS_PER_UNIT[unit] : undefined;
  if (count !== undefined && msPerUnit === undefined)
    throw rejected(source, text, 'the unit ms, s, m or h, or none for seconds', examples);
  const ms = Math.round(Number(count) * (msPerUnit ?? Number.NaN));
  if (ms >= 1 && ms <= MAX_MS) return ms;
  throw rejected(source, text, 'a time above zero, and at most 24 days', examples);
}

const examples = 'write for example 500ms, 30s, 5m or 1h';
