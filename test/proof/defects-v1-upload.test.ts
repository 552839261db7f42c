import { v1UploadDefects } from '../../src/server/defects/v1-upload.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(v1UploadDefects);
