import { metadataDefects } from '../../src/server/defects/metadata.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(metadataDefects);
