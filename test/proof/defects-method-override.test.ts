import { methodOverrideDefects } from '../../src/server/defects/method-override.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(methodOverrideDefects);
