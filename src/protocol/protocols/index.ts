import type { Protocol } from '../protocol.ts';
import { pulse } from './pulse.ts';
import { pulseV1 } from './pulse-v1.ts';
import { tus } from './tus.ts';

/** Every protocol the uploader speaks, in the order in which `auto` looks for them. */
export const protocols: readonly [Protocol, ...Protocol[]] = [pulseV1, pulse, tus];
