import type { TextStream } from '../../src/output/text-stream.ts';

export interface FakeStream extends TextStream {
  /** Everything written so far. */
  readonly text: () => string;
  /** What a terminal shows of it: drawn-over lines gone, sequences obeyed or dropped. */
  readonly screen: () => string;
}

/** A stream that remembers; a terminal of this width, or a pipe where no width is given. */
export function fakeStream(columns?: number): FakeStream {
  let written = '';
  return {
    ...(columns !== undefined && { isTTY: true, columns }),
    write: (text: string | Uint8Array) => {
      written += typeof text === 'string' ? text : Buffer.from(text).toString();
    },
    text: () => written,
    screen: () => written.split('\n').map(lastDrawn).join('\n'),
  };
}

/** `CSI 1G` goes to the first column, `CSI 0K` and `CSI 2K` clear: what stands last is what is seen. */
function lastDrawn(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are terminal control sequences
  const drawn = line.split(/\x1b\[1G|\r/).map((part) => part.replace(/\x1b\[[02]K/g, ''));
  return drawn.at(-1) ?? '';
}
