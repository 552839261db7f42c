import { Blocked } from '../check.ts';
import type { Requests } from './requests.ts';
import type { Uploads } from './uploads.ts';

/** An old process ends within this time; behind a proxy its connections stay, and say nothing about it. */
const END_MS = 2000;
/** A server that needs longer to start is waited for by the command itself. */
const RETURN_MS = 30_000;
const LOOK_AGAIN_MS = 250;

/** What a proxy answers while nobody is behind it. */
const nobodyThere: ReadonlySet<number> = new Set([502, 503, 504]);

export interface RestartTools extends Pick<Requests, 'open'>, Pick<Uploads, 'alive'> {
  /** Runs the user's command; absent where there is none. */
  readonly command: (() => Promise<void>) | undefined;
  readonly pause: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
}

/**
 * Runs the user's command, and waits until the server answers again: many commands end while the old process still
 * answers, or before the new one listens. Throws Blocked where it does not come back.
 */
export function createRestart({ command, open, alive, pause, nowMs }: RestartTools): () => Promise<void> {
  return async () => {
    if (command === undefined) throw new Error('this scenario must need `restart`');
    const old = await open();
    await command();
    await old.peerEnd(END_MS);
    old.close();
    const startMs = nowMs();
    for (;;) {
      const asked = await alive();
      if (asked.answer !== undefined && !nobodyThere.has(asked.answer.status)) return;
      if (nowMs() - startMs > RETURN_MS) {
        const seconds = RETURN_MS / 1000;
        throw new Blocked(`the server does not answer ${seconds} s after the restart command ended`, [asked]);
      }
      await pause(LOOK_AGAIN_MS);
    }
  };
}
