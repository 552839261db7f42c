import { creationDefects } from '../../src/server/defects/creation.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(creationDefects);
