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
  const forms = [...tokens].flatMap(formsOf).sort((a, b) => b.length - a.length);
  return forms.reduce((rest, form) => rest.replaceAll(form, '[token]'), text);
}

/** The tokens of a run as they are known so far; an empty one would be found in every text. */
export function secretTokens(first: string | undefined): Set<string> {
  return new Set(first === undefined || first === '' ? [] : [first]);
}

function formsOf(token: string): readonly string[] {
  return [token, encodeURIComponent(token), encodeURI(token)];
}

function mapTexts(event: PulseEvent, clean: (text: string) => string): PulseEvent {
  const entries = Object.entries(event).map(([key, value]) => {
    const isText = typeof value === 'string' && key !== 'type' && key !== 'file';
    return [key, isText ? clean(value) : value] as const;
  });
  return Object.fromEntries(entries) as unknown as PulseEvent;
}
