import { v1ContentDefects } from '../../src/server/defects/v1-content.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(v1ContentDefects);
