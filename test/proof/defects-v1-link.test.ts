import { v1LinkDefects } from '../../src/server/defects/v1-link.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(v1LinkDefects);
