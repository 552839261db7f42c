import { pulseClassicDefects } from '../../src/server/defects/pulse-classic.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(pulseClassicDefects);
