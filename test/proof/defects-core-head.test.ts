import { coreHeadDefects } from '../../src/server/defects/core-head.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(coreHeadDefects);
