import { pulseFlowDefects } from '../../src/server/defects/pulse-flow.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(pulseFlowDefects);
