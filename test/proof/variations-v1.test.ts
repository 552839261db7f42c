import { v1Variations } from '../../src/server/variations/v1.ts';
import { proveVariations } from './prove-variations.ts';

proveVariations(v1Variations);
