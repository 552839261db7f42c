/** The token that requests carry, which its file may renew while a long run goes on (fault C07). */
export interface CurrentToken {
  /** Undefined where the user gave none. */
  readonly value: () => string | undefined;
  /** Every one that requests have carried, this one included. */
  readonly used: () => readonly string[];
  /** Whether there is another token than the one that was refused; reads the file again to find out. */
  readonly renewed: (refused: string) => boolean;
}

export function createCurrentToken(
  first: string | undefined,
  readAgain: (() => string) | undefined,
): CurrentToken {
  let current = first;
  const used = new Set<string>(first === undefined ? [] : [first]);
  return {
    value: () => current,
    used: () => [...used],
    renewed: (refused) => {
      // Of several uploads that are refused at once, the first one reads the file for all.
      if (current !== refused) return true;
      try {
        current = readAgain?.() ?? current;
        if (current !== undefined) used.add(current);
      } catch {
        // A file that is gone or was a pipe holds no newer token: the refusal stands.
      }
      return current !== refused;
    },
  };
}
