import { corePatchDefects } from '../../src/server/defects/core-patch.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(corePatchDefects);
