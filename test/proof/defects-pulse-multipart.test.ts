import { pulseMultipartDefects } from '../../src/server/defects/pulse-multipart.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(pulseMultipartDefects);
