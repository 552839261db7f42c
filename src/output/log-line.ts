import { harmless } from './text.ts';

/** One record as one structured line: `time=… method=PATCH …` for people and grep, or compact JSON for programs. */
export function logLine(record: object, time: Date, style: 'logfmt' | 'json'): string {
  const facts = { time: time.toISOString(), ...record };
  if (style === 'json') return `${JSON.stringify(facts)}\n`;
  const pairs = Object.entries(facts).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${bareOrQuoted(harmless(String(value)))}`],
  );
  return `${pairs.join(' ')}\n`;
}

function bareOrQuoted(text: string): string {
  return /^[^\s"=\\]+$/.test(text) ? text : JSON.stringify(text);
}
