import { pulseChunksDefects } from '../../src/server/defects/pulse-chunks.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(pulseChunksDefects);
