import { creationWithUploadDefects } from '../../src/server/defects/creation-with-upload.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(creationWithUploadDefects);
