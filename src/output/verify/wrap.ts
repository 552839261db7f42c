import { displayWidth } from '../text.ts';

/** Breaks text at spaces into lines of at most so many columns, and a longer word wherever the line ends. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((long) => pieces(long, columns))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && displayWidth(longer) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

function pieces(word: string, columns: number): readonly string[] {
  if (displayWidth(word) <= columns) return [word];
  const cut: string[] = [];
  let piece = '';
  for (const character of word) {
    if (displayWidth(piece + character) > columns) {
      cut.push(piece);
      piece = '';
    }
    piece += character;
  }
  return [...cut, piece];
}

/** Cuts off what does not fit, and says so. */
export function shortened(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  const kept = Array.from(text).slice(0, columns - 1);
  while (displayWidth(kept.join('')) > columns - 1) kept.pop();
  return `${kept.join('').trimEnd()}…`;
}
