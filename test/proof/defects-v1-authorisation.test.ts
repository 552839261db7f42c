import { v1AuthorisationDefects } from '../../src/server/defects/v1-authorisation.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(v1AuthorisationDefects);
