/**
 * The JSON object in a text or its bytes; undefined for anything else. A byte order mark before it is passed over, as
 * parsers may (RFC 8259, 8.1): some editors write one into every script, and so it comes before all that the script answers.
 */
export function jsonObject(given: string | Uint8Array): Readonly<Record<string, unknown>> | undefined {
  const text = typeof given === 'string' ? given : Buffer.from(given).toString('utf8');
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The same value of plain JSON with every text in it changed, however deep it stands; keys stay as they are. */
export function withTexts<T>(value: T, change: (text: string) => string): T {
  return changed(value, change) as T;
}

function changed(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((member) => changed(member, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, changed(member, change)]));
}
