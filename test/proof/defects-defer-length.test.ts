import { deferLengthDefects } from '../../src/server/defects/defer-length.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(deferLengthDefects);
