import { coreOptionsDefects } from '../../src/server/defects/core-options.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(coreOptionsDefects);
