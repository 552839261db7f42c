import { answerVariations } from '../../src/server/variations/answers.ts';
import { proveVariations } from './prove-variations.ts';

proveVariations(answerVariations);
