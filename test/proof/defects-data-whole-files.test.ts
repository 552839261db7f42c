import { dataWholeFilesDefects } from '../../src/server/defects/data-whole-files.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(dataWholeFilesDefects);
