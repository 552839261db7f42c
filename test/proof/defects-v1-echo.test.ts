import { v1EchoDefects } from '../../src/server/defects/v1-echo.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(v1EchoDefects);
