import type { Verb } from '../parts.ts';

/** GET /health of the pulse dialect; needs no token. */
export const health: Verb = async (_exchange, { answers }) => answers.health();
