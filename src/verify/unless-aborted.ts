/**
 * The result of the work, or the signal's reason as soon as it fires. What the work still does then concerns nobody: a
 * probe whose signal has fired never answers it again, so that nothing is left that could fail unseen.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
}

/** For whoever would go on although the signal has fired. */
export function forever(): Promise<never> {
  return new Promise(() => {});
}
