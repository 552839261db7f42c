import { identifiersDefects } from '../../src/server/defects/identifiers.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(identifiersDefects);
