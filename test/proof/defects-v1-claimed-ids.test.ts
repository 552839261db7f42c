import { v1ClaimedIdsDefects } from '../../src/server/defects/v1-claimed-ids.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(v1ClaimedIdsDefects);
