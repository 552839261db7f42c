import { coreVersionDefects } from '../../src/server/defects/core-version.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(coreVersionDefects);
