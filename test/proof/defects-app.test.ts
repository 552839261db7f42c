import { appDefects } from '../../src/server/defects/app.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(appDefects);
