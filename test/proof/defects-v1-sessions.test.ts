import { v1SessionsDefects } from '../../src/server/defects/v1-sessions.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(v1SessionsDefects);
