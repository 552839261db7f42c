import process from 'node:process';
import type { Surroundings } from '../output/output.ts';

/** Where the output of this process goes. */
export const surroundings: Surroundings = {
  out: process.stdout,
  err: process.stderr,
  environment: process.env,
  now: () => new Date(),
};
