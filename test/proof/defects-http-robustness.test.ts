import { httpRobustnessDefects } from '../../src/server/defects/http-robustness.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(httpRobustnessDefects);
