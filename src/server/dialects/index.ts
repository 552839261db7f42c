import type { Dialect } from '../dialect.ts';
import type { ServedProtocol } from '../words.ts';
import { pulse } from './pulse.ts';
import { pulseV1 } from './pulse-v1.ts';
import { tus } from './tus.ts';

export const dialects: Readonly<Record<ServedProtocol, Dialect>> = { pulse, tus, 'pulse-v1': pulseV1 };
