import { pulseFinalizeNamesDefects } from '../../src/server/defects/pulse-finalize-names.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(pulseFinalizeNamesDefects);
