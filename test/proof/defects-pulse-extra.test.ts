import { pulseExtraDefects } from '../../src/server/defects/pulse-extra.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(pulseExtraDefects);
