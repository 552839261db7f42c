import { dataDisconnectsDefects } from '../../src/server/defects/data-disconnects.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(dataDisconnectsDefects);
