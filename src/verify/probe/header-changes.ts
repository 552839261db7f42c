import type { HeaderLines } from '../../protocol/connection.ts';

/**
 * Changes to the header lines that would be sent otherwise, by name in any case: a value replaces, several values
 * make several lines, undefined removes. The spelling of the name here is the one on the wire.
 */
export type HeaderChanges = Readonly<Record<string, string | readonly string[] | undefined>>;

export function changed(lines: HeaderLines, changes: HeaderChanges = {}): HeaderLines {
  return Object.entries(changes).reduce(changedLine, lines);
}

function changedLine(
  lines: HeaderLines,
  [name, value]: [string, string | readonly string[] | undefined],
): HeaderLines {
  const isNamed = ([candidate]: readonly [string, string]) => candidate.toLowerCase() === name.toLowerCase();
  const values = value === undefined ? [] : typeof value === 'string' ? [value] : value;
  const replacement = values.map((text) => [name, text] as const);
  const at = lines.findIndex(isNamed);
  if (at === -1) return [...lines, ...replacement];
  const others = lines.filter((line) => !isNamed(line));
  return [...others.slice(0, at), ...replacement, ...others.slice(at)];
}
