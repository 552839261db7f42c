/** Fires when one of several signals does, with its reason, until it is released. */
export interface JoinedSignal {
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** Not AbortSignal.any: below a signal that lives for a whole run, Node 20 keeps every signal made from it. */
export function joinedSignal(...sources: readonly (AbortSignal | undefined)[]): JoinedSignal {
  const joined = new AbortController();
  const releases = sources.flatMap((source) => {
    if (source === undefined) return [];
    const listener = () => joined.abort(source.reason);
    if (source.aborted) listener();
    return [listen(source, listener)];
  });
  return {
    signal: joined.signal,
    release: () => {
      for (const release of releases) release();
    },
  };
}

type Listeners = Set<() => void>;

const listenersOf = new WeakMap<AbortSignal, { readonly all: Listeners; readonly tell: () => void }>();

/** One listener of a signal for all of ours: Node takes more than ten for a leak, and a program may upload any number side by side. */
function listen(source: AbortSignal, listener: () => void): () => void {
  const known = listenersOf.get(source);
  const all: Listeners = known?.all ?? new Set();
  const tellAll = () => {
    for (const each of [...all]) each();
  };
  const tell = known?.tell ?? tellAll;
  if (known === undefined) {
    listenersOf.set(source, { all, tell });
    source.addEventListener('abort', tell, { once: true });
  }
  all.add(listener);
  return () => {
    all.delete(listener);
    if (all.size > 0 || listenersOf.get(source)?.all !== all) return;
    source.removeEventListener('abort', tell);
    listenersOf.delete(source);
  };
}
