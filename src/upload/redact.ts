import type { PulseEvent, Report } from '../events.ts';

/**
 * A sink that never passes on a token, whatever a server echoes: as it is, or percent-encoded. `tokens` may grow: a
 * token that was renewed is as secret as the first one.
 */
export function redacted(report: Report, tokens: ReadonlySet<string>): Report {
  const clean = (text: string) => redactedText(text, tokens);
  return (event) => report(tokens.size === 0 ? event : mapTexts(event, clean));
}

/** The text without any of the tokens; the longest first, since one may be a part of another. */
export function redactedText(text: string, tokens: ReadonlySet<string>): string {
  const longestFirst = [...tokens].sort((a, b) => b.length - a.length);
  return longestFirst.reduce((rest, token) => rest.replace(patternOf(token), '[token]'), text);
}

/** The tokens of a run as they are known so far; an empty one would be found in every text. */
export function secretTokens(first: string | undefined): Set<string> {
  return new Set(first === undefined || first === '' ? [] : [first]);
}

const patterns = new Map<string, RegExp>();

/** A token however it is percent-encoded: whole, in part, or not at all; as UTF-8, with hex digits of either case. */
function patternOf(token: string): RegExp {
  const known = patterns.get(token);
  if (known !== undefined) return known;
  const characters = Array.from(token, (character) => {
    const bytes = Array.from(Buffer.from(character), (byte) => byte.toString(16).padStart(2, '0'));
    const encoded = bytes.map(
      (hex) => `%${hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)}`,
    );
    return `(?:${character.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')}|${encoded.join('')})`;
  });
  const pattern = new RegExp(characters.join(''), 'g');
  patterns.set(token, pattern);
  return pattern;
}

function mapTexts(event: PulseEvent, clean: (text: string) => string): PulseEvent {
  const entries = Object.entries(event).map(([key, value]) => {
    const isText = typeof value === 'string' && key !== 'type' && key !== 'file';
    return [key, isText ? clean(value) : value] as const;
  });
  return Object.fromEntries(entries) as unknown as PulseEvent;
}
