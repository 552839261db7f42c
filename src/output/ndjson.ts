/** One event as one compact line, `type` and `time` (ISO 8601) first (docs/events.md). */
export function ndjsonLine<E extends { readonly type: string }>(event: E, time: Date): string {
  const { type, ...facts } = event;
  return `${JSON.stringify({ type, time: time.toISOString(), ...facts })}\n`;
}
