import { rejected } from './rejected.ts';

/** Any text but none. */
export function parseText(text: string, source: string): string {
  if (text.trim() !== '') return text;
  throw rejected(source, text, 'a text that is not empty', 'is a variable of your script empty?');
}

/** Names: given several times, or separated by commas. */
export function parseIds(texts: readonly string[], source: string): readonly string[] {
  return texts.flatMap((text) => text.split(',')).map((id) => parseText(id.trim(), source));
}
