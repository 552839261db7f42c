import { harmless } from '../text.ts';

/** Every text in a value of plain JSON made fit for a terminal, however deep it stands. */
export function harmlessValue<T>(value: T): T {
  return walked(value) as T;
}

function walked(value: unknown): unknown {
  if (typeof value === 'string') return harmless(value);
  if (Array.isArray(value)) return value.map(walked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walked(inner)]));
}
