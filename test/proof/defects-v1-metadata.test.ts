import { v1MetadataDefects } from '../../src/server/defects/v1-metadata.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(v1MetadataDefects);
