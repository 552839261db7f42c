import { expirationDefects } from '../../src/server/defects/expiration.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(expirationDefects);
