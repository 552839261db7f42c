import { rejected } from './rejected.ts';

/** Any text but none. */
export function parseText(text: string, source: string): string {
  if (text.trim() !== '') return text;
  throw rejected(source, text, 'a text that is not empty', 'is a variable of your script empty?');
}
