/** Replaces secrets wherever they stand in a text. */
export type Redact = (text: string) => string;

export interface Secret {
  /** What is shown in its place, such as `<token>`. */
  readonly label: string;
  readonly value: string;
}

/** Header names whose values a user would not want to see in a report. */
const SENSITIVE_NAME = /auth|token|key|secret|cookie|password|signature/i;

export function isSensitive(headerName: string): boolean {
  return SENSITIVE_NAME.test(headerName);
}

/** A shorter secret is no secret, and would stand in half of all words: it is replaced only where it stands alone. */
const SHORT_LENGTH = 6;

/** A redactor of these secrets in every spelling in which they travel: plain, percent-encoded, in JSON, in base64. */
export function redactor(secrets: readonly Secret[]): Redact {
  const spellings = secrets
    .filter(({ value }) => value !== '')
    .flatMap(({ label, value }) =>
      spelled(value).map((spelling) => ({ label, pattern: patternOf(spelling) })),
    )
    // The longest first, so that a secret that contains another leaves nothing of itself.
    .sort((a, b) => b.pattern.source.length - a.pattern.source.length);
  return (text) => spellings.reduce((redacted, { label, pattern }) => redacted.replace(pattern, label), text);
}

/** The secrets among the headers that the user adds to every request. */
export function secretHeaders(headers: Readonly<Record<string, string>>): readonly Secret[] {
  return Object.entries(headers)
    .filter(([name]) => isSensitive(name))
    .flatMap(([name, value]) => [
      { label: `<${name.toLowerCase()}>`, value },
      ...value
        .split(/[\s;=]+/)
        .filter((word) => word.length >= 8)
        .map((word) => ({ label: `<${name.toLowerCase()}>`, value: word })),
    ]);
}

function patternOf(spelling: string): RegExp {
  return spelling.length < SHORT_LENGTH
    ? new RegExp(`^${escaped(spelling)}$`, 'g')
    : new RegExp(escaped(spelling), 'gi');
}

function spelled(value: string): readonly string[] {
  const utf8 = Buffer.from(value, 'utf8');
  const all = [
    value,
    utf8.toString('latin1'),
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    utf8.toString('base64'),
    utf8.toString('base64url'),
  ];
  return [...new Set(all)];
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
