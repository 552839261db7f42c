import { rejected } from './rejected.ts';

/** `*`, or an origin as browsers write it: scheme, host and port, and nothing behind. */
export function parseOrigin(text: string, source: string): string {
  if (text === '*') return text;
  const origin = originOf(text);
  if (origin !== undefined && text.replace(/\/$/, '') === origin) return origin;
  throw rejected(source, text, 'an origin, or *', `write for example ${origin ?? 'https://app.example.org'}`);
}

function originOf(text: string): string | undefined {
  try {
    const { origin, protocol } = new URL(text);
    return /^https?:$/.test(protocol) ? origin : undefined;
  } catch {
    return undefined;
  }
}
