import { checksumDefects } from '../../src/server/defects/checksum.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(checksumDefects);
