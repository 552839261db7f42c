import { noPaint, type Paint } from './paint.ts';

export type Label = 'error' | 'warning' | 'stopped' | 'next' | 'try';

const colors = {
  error: 'bad',
  warning: 'warn',
  stopped: 'warn',
  next: 'strong',
  try: 'strong',
} as const satisfies Record<Label, keyof Paint>;

/** Lines such as `error: …` and ` next: …`, their colons below one another; lines without a text are left out. */
export function labelled(
  lines: readonly (readonly [Label, string | undefined])[],
  paint: Paint = noPaint,
): string[] {
  const width = Math.max(...lines.map(([label]) => label.length));
  return lines.flatMap(([label, text]) =>
    text === undefined
      ? []
      : [`${' '.repeat(width - label.length)}${paint[colors[label]](`${label}:`)} ${text}`],
  );
}
