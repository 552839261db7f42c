import { type NameTemplate, parseNameTemplate } from '../bulk/name-template.ts';
import { type Order, orderKeys } from '../bulk/order.ts';
import { parseCount } from './count.ts';
import { parseDurationMs } from './duration.ts';
import { rejected } from './rejected.ts';
import { parseText } from './text.ts';

const MAX_JOBS = 256;

export function parseJobs(text: string, source: string): number {
  const jobs = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (jobs >= 1 && jobs <= MAX_JOBS) return jobs;
  throw rejected(source, text, `a number from 1 to ${MAX_JOBS}`, '4 suits most servers');
}

/** A count of at least one. */
export function parseLimit(text: string, source: string): number {
  const count = parseCount(text, source);
  if (count >= 1) return count;
  throw rejected(source, text, 'a number of at least 1', 'leave it out for no limit');
}

/** A duration, or 0: no age is asked for. */
export function parseAgeMs(text: string, source: string): number {
  return /^0+(ms|s|m|h)?$/.test(text) ? 0 : parseDurationMs(text, source);
}

export function parseTexts(texts: readonly string[], source: string): readonly string[] {
  return texts.map((text) => parseText(text, source));
}

/** `size`, or `size,desc`. */
export function parseOrder(text: string, source: string): Order {
  const [by, direction = 'asc', ...rest] = text.split(',');
  const key = orderKeys.find((candidate) => candidate === by);
  if (key !== undefined && rest.length === 0 && /^(asc|desc)(ending)?$/.test(direction))
    return { by: key, descending: direction.startsWith('desc') };
  throw rejected(source, text, `${orderKeys.join(', ')}, or one of them with ,desc`, 'for example size,desc');
}

export function parseTemplate(text: string, source: string): NameTemplate {
  const template = parseNameTemplate(text);
  if (template !== undefined) return template;
  const expected = 'a text with {name}, {stem}, {ext}, {dir}, {parent} or {path}';
  throw rejected(source, text, expected, 'for example {path}, which makes a_b.mp4 of a/b.mp4');
}

/** Manifests say by their ending what they are. */
export function parseManifests(texts: readonly string[], source: string): readonly string[] {
  const odd = texts.find((text) => !/\.(jsonl|ndjson|csv)$/i.test(text));
  if (odd === undefined) return texts;
  throw rejected(
    source,
    odd,
    'a file that ends in .jsonl or .csv',
    'plain lists of names go to --files-from',
  );
}
