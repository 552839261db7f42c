import { rejected } from './rejected.ts';

const MS_PER_UNIT = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** The longest time that a timer of Node waits: about 24 days. */
const MAX_MS = 2 ** 31 - 1;

/** Milliseconds of `100ms`, `2s`, `5m`, `1h`; a bare number is seconds. Zero is no duration. */
export function parseDurationMs(text: string, source: string): number {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h)?$/.exec(text);
  const unit = (match?.[2] ?? 's') as keyof typeof MS_PER_UNIT;
  const ms = Math.round(Number(match?.[1]) * MS_PER_UNIT[unit]);
  if (ms >= 1 && ms <= MAX_MS) return ms;
  throw rejected(
    source,
    text,
    'a time above zero, and at most 24 days',
    'write for example 500ms, 30s, 5m or 1h',
  );
}
