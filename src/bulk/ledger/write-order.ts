/**
 * What failed may have written a piece of a line: behind that nothing is written, and the next run cuts it off. What is
 * asked for later fails alike.
 */
export function untilOneFails<A, R>(write: (argument: A) => Promise<R>): (argument: A) => Promise<R> {
  let failed: { readonly error: unknown } | undefined;
  return async (argument) => {
    if (failed !== undefined) throw failed.error;
    try {
      return await write(argument);
    } catch (error) {
      failed = { error };
      throw error;
    }
  };
}

/**
 * One write after another, whoever asks for them; the next one is asked for also when this one failed. Lines that come
 * while one is under way go together in the next: one fsync is enough for all of them.
 */
export function together<A, R>(
  write: (lines: string) => Promise<R>,
  lineOf: (argument: A) => string,
): (argument: A) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve();
  let next: { lines: string; written?: Promise<R> } | undefined;
  return (argument) => {
    if (next?.written !== undefined) {
      next.lines += lineOf(argument);
      return next.written;
    }
    const mine: NonNullable<typeof next> = { lines: lineOf(argument) };
    const written = last.then(() => {
      next = undefined;
      return write(mine.lines);
    });
    mine.written = written;
    next = mine;
    last = written.catch(() => undefined);
    return written;
  };
}
