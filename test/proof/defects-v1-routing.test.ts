import { v1RoutingDefects } from '../../src/server/defects/v1-routing.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(v1RoutingDefects);
