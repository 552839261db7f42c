import { concatenationDefects } from '../../src/server/defects/concatenation.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(concatenationDefects);
