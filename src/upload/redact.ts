import { PulseError } from '../errors.ts';
import type { PulseEvent, Report } from '../events.ts';
import { type Redact, redactor, secretHeaders } from '../protocol/redaction.ts';

/**
 * A sink that never passes on a token, whatever a server echoes and however it spells it. `tokens` may grow: a token
 * that was renewed is as secret as the first one.
 */
export function redacted(report: Report, tokens: ReadonlySet<string>): Report {
  return (event) => report(mapTexts(event, (text) => redactedText(text, tokens)));
}

/** The text without any of the tokens, in whatever spelling. */
export function redactedText(text: string, tokens: ReadonlySet<string>): string {
  if (tokens.size === 0) return text;
  const made = redactors.get(tokens);
  if (made?.size === tokens.size) return made.redact(text);
  const redact = redactor([...tokens].map((value) => ({ label: '[token]', value })));
  redactors.set(tokens, { size: tokens.size, redact });
  return redact(text);
}

/** Events are many and tokens few: what finds them is made once, and anew when one is added. */
const redactors = new WeakMap<ReadonlySet<string>, { readonly size: number; readonly redact: Redact }>();

/** The secrets of a run as they are known so far: the token, and what the user's own headers hold of that kind. */
export function secretTokens(
  first: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Set<string> {
  const values = secretHeaders(headers).map(({ value }) => value);
  return new Set([first ?? '', ...values].filter((value) => value !== ''));
}

/** Whatever it reads is a secret of the run from then on. */
export function noted(readToken: () => string, tokens: Set<string>): () => string {
  return () => {
    const token = readToken();
    tokens.add(token);
    return token;
  };
}

/** The same error as far as `clean` finds nothing in it: what a server echoes stands in messages. */
export function cleanError(error: PulseError, clean: Redact): PulseError {
  const message = clean(error.message);
  const hint = error.hint && clean(error.hint);
  if (message === error.message && hint === error.hint) return error;
  // The cause may hold what was just taken out.
  const { kind, resumable, status } = error;
  return new PulseError(kind, message, { hint, resumable, status });
}

function mapTexts(event: PulseEvent, clean: Redact): PulseEvent {
  const entries = Object.entries(event).map(([key, value]) => {
    const isText = typeof value === 'string' && key !== 'type' && key !== 'file';
    return [key, isText ? clean(value) : value] as const;
  });
  return Object.fromEntries(entries) as unknown as PulseEvent;
}
