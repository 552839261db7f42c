import { pulseFinalizeDefects } from '../../src/server/defects/pulse-finalize.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(pulseFinalizeDefects);
