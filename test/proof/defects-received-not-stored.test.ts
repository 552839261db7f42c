import { receivedNotStoredDefects } from '../../src/server/defects/received-not-stored.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(receivedNotStoredDefects);
