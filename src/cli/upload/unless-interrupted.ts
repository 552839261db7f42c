import { PulseError } from '../../errors.ts';
import type { Interruption } from '../interruption.ts';

/** Exits with the code of the signal. */
class Interrupted extends PulseError {
  readonly #exitCode: number;

  constructor(exitCode: number) {
    super('interrupted', 'interrupted before the first upload; nothing was sent', {
      hint: 'run the same command again',
    });
    this.#exitCode = exitCode;
  }

  override get exitCode(): number {
    return this.#exitCode;
  }
}

/**
 * What comes before the uploads, or `interrupted` as soon as there is a signal: a list that comes from a pipe may never
 * end, and a file server may never answer.
 */
export function unlessInterrupted<T>(work: Promise<T>, { signal, exitCode }: Interruption): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      const code = exitCode();
      if (code !== undefined) reject(new Interrupted(code));
    };
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
}
