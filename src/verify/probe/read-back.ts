/** The stored bytes of an upload by the user's command; `failed` says in words how that ended. */
export interface ReadBack {
  (upload: ReadBackUpload): Promise<Uint8Array | { readonly failed: string }>;
  /** The command itself, to be shown. */
  readonly command?: string;
}

/** What the command is told. */
export interface ReadBackUpload {
  readonly url: string;
  readonly id: string;
  readonly filename: string;
}

/** A server may move what it has finalized to its place a moment after its answer. */
const PAUSES_MS = [250, 500, 1000, 2000];
/** A command that takes its time is not waited for as often. */
const MOST_MS = 4000;

/**
 * The same, but a command that fails is run again, for the file may be on its way to its place. Once that was in vain,
 * nothing more is waited for: a server that loses many files would use up the time of a scenario.
 */
export function patiently(
  readBack: ReadBack,
  { pause, nowMs }: { readonly pause: (ms: number) => Promise<void>; readonly nowMs: () => number },
): ReadBack {
  let waits = true;
  return async (upload) => {
    const startMs = nowMs();
    let got = await readBack(upload);
    for (const pauseMs of PAUSES_MS) {
      if (got instanceof Uint8Array || !waits || nowMs() - startMs + pauseMs > MOST_MS) break;
      await pause(pauseMs);
      got = await readBack(upload);
    }
    waits &&= got instanceof Uint8Array;
    return got;
  };
}
