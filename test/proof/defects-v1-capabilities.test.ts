import { v1CapabilitiesDefects } from '../../src/server/defects/v1-capabilities.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(v1CapabilitiesDefects);
