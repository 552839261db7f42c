import type { Protocol } from '../protocol.ts';
import { pulse } from './pulse.ts';
import { tus } from './tus.ts';

/** Every protocol the uploader speaks, in the order in which `auto` looks for them; the first is the fallback. */
export const protocols: readonly [Protocol, ...Protocol[]] = [pulse, tus];
