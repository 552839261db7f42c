/** Fires when one of several signals does, with its reason, until it is released. */
export interface JoinedSignal {
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** Not AbortSignal.any: below a signal that lives for a whole run, Node 20 keeps every signal made from it. */
export function joinedSignal(...sources: readonly (AbortSignal | undefined)[]): JoinedSignal {
  const joined = new AbortController();
  const listeners = sources.flatMap((source) => {
    if (source === undefined) return [];
    const listener = () => joined.abort(source.reason);
    if (source.aborted) listener();
    source.addEventListener('abort', listener, { once: true });
    return [{ source, listener }];
  });
  return {
    signal: joined.signal,
    release: () => {
      for (const { source, listener } of listeners) source.removeEventListener('abort', listener);
    },
  };
}
