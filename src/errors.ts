/**
 * What can go wrong, as the exit code that says it (docs/exit-codes.md).
 * Scripts rely on these numbers: a change here is a breaking change.
 */
export const exitCodes = {
  /** The tool worked and the answer is no. */
  verdict: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** A local file is missing, unreadable, or changed while it was sent. */
  input: 3,
  /** The server could not be reached or is busy: the same command, run again, resumes. */
  temporary: 4,
  /** The server understood and said no. */
  refused: 5,
  /** The server broke the protocol. */
  protocol: 6,
  /** What the server holds differs from the file. */
  integrity: 7,
  /** Neither success nor failure can be claimed. */
  unknown: 8,
  /** Verify only: nothing failed, but checks that apply could not run. */
  incomplete: 9,
  /** Our mistake. */
  bug: 70,
  /** SIGINT or an AbortSignal; SIGTERM exits with 143, SIGHUP with 129. State is saved. */
  interrupted: 130,
} as const;

export type ErrorKind = keyof typeof exitCodes;

interface ErrorDetails {
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  readonly resumable?: boolean;
  readonly status?: number | undefined;
}

/**
 * The one error of this package.
 * `message` states the fact and what was expected, `hint` the next step; neither ever holds a token.
 */
export class PulseError extends Error {
  override readonly name = 'PulseError';
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  /** Whether state was kept with which the same command, run again, goes on. */
  readonly resumable: boolean;
  /** Of the server's answer that is told of, where it is one: other requests may have followed it. */
  readonly status: number | undefined;

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.kind = kind;
    this.hint = details.hint;
    this.resumable = details.resumable ?? false;
    this.status = details.status;
  }

  get exitCode(): number {
    return exitCodes[this.kind];
  }
}

/** The same error with other details. */
export function withDetails(
  { kind, message, hint, cause, resumable, status }: PulseError,
  changed: ErrorDetails,
): PulseError {
  return new PulseError(kind, message, { hint, cause, resumable, status, ...changed });
}

/** Any thrown thing as a PulseError: what is not ours is our bug, said as such. */
export function asPulseError(thrown: unknown): PulseError {
  if (thrown instanceof PulseError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new PulseError('bug', `unexpected error: ${message}`, {
    hint: 'this is a mistake in pulse-upload; please report it with the output of --verbose',
    cause: thrown,
  });
}
