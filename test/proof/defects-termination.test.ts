import { terminationDefects } from '../../src/server/defects/termination.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(terminationDefects);
