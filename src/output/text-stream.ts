/** What a renderer needs of a stream; `process.stdout` and `process.stderr` are such streams. */
export interface TextStream {
  readonly write: (text: string | Uint8Array) => unknown;
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal; absent where it is none, or not known. */
  readonly columns?: number | undefined;
  /** Its height, likewise. */
  readonly rows?: number | undefined;
}

/** A terminal that was never told its size, such as the pty of a container, says that it has 0 columns. */
export function columnsOf({ columns }: Pick<TextStream, 'columns'>): number {
  return columns || 80;
}
