import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { filtering } from '../../src/server/defects/changes.ts';
import type { Behaviour } from '../../src/server/server.ts';

/** What must not change any verdict: circumstances that are nobody's fault. */
export interface Hardship {
  readonly id: string;
  readonly behaviour?: Behaviour;
  /** Begins it, and returns what ends it. */
  readonly begin?: () => () => Promise<unknown>;
}

const ADDED_MS = 150;

export const hardships: readonly Hardship[] = [
  { id: 'in random order' },
  {
    id: 'with a busy core',
    begin: () => {
      const worker = new Worker('for (;;);', { eval: true });
      return () => worker.terminate();
    },
  },
  {
    id: `with ${ADDED_MS} ms more for each request`,
    behaviour: filtering(async (_exchange, next) => {
      await sleep(ADDED_MS);
      return next();
    }),
  },
];
