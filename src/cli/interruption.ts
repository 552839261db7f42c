import process from 'node:process';

/** 128 + the number of the signal, as shells report it. */
const signalCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** What cannot be stopped is waited for so long after the work has ended. */
const LEFTOVERS_MS = 1_000;

export interface Interruption {
  /** Fires at the first signal. */
  readonly signal: AbortSignal;
  /** The exit code that the signal asks for; undefined while there was none. */
  readonly exitCode: () => number | undefined;
  /** As if a signal had come that asks for this exit code. */
  readonly interrupt: (exitCode: number) => void;
  /** Once is enough; what a signal ended and cannot be stopped is then not waited for any more. */
  readonly release: () => void;
}

/**
 * The first SIGINT, SIGTERM or SIGHUP asks the work to end in order, the second one ends the process at once: there
 * `atOnce` can say what that leaves behind.
 */
export function watchForSignals(atOnce: () => void = () => {}): Interruption {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const interrupt = (code: number) => {
    exitCode ??= code;
    controller.abort();
  };
  const listeners = Object.entries(signalCodes).map(([name, code]) => {
    const listener = () => {
      if (name === 'SIGHUP' && startedByNohup(process.env)) return;
      if (exitCode !== undefined) {
        atOnce();
        process.exit(code);
      }
      interrupt(code);
    };
    process.on(name, listener);
    return { name, listener };
  });
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    interrupt,
    release: () => {
      for (const { name, listener } of listeners) process.off(name, listener);
      if (exitCode !== undefined) endDespiteLeftovers(exitCode);
    },
  };
}

/**
 * A DNS query, or a read from a file server that is gone, cannot be stopped and would keep the process alive for as
 * long as it takes. What is still to be written to a pipe is waited for.
 */
function endDespiteLeftovers(code: number): void {
  const look = () => {
    const unwritten = process.stdout.writableLength + process.stderr.writableLength;
    if (unwritten === 0) process.exit(process.exitCode ?? code);
    endDespiteLeftovers(code);
  };
  setTimeout(look, LEFTOVERS_MS).unref();
}

/**
 * Whether a shell that says what it started (bash, zsh, ksh) started us with nohup. Node undoes what nohup does: it
 * resets ignored signals when it starts (ResetSignalHandlers in its node.cc).
 */
function startedByNohup({ _: started }: NodeJS.ProcessEnv): boolean {
  return started !== undefined && /(^|\/)nohup$/.test(started);
}
