import { extensionVariations } from '../../src/server/variations/extensions.ts';
import { proveVariations } from './prove-variations.ts';

proveVariations(extensionVariations);
