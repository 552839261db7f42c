import { dataOverlapsDefects } from '../../src/server/defects/data-overlaps.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(dataOverlapsDefects);
