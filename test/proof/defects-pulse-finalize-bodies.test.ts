import { pulseFinalizeBodiesDefects } from '../../src/server/defects/pulse-finalize-bodies.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(pulseFinalizeBodiesDefects);
