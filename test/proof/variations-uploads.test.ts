import { uploadVariations } from '../../src/server/variations/uploads.ts';
import { proveVariations } from './prove-variations.ts';

proveVariations(uploadVariations);
