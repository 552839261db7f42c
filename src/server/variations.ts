import type { Variation } from './defects/defect.ts';
import { answerVariations } from './variations/answers.ts';
import { extensionVariations } from './variations/extensions.ts';
import { uploadVariations } from './variations/uploads.ts';
import { v1Variations } from './variations/v1.ts';

/** Differences between servers that are all right: no check may fail or warn because of one. */
export const variations: readonly Variation[] = [
  ...answerVariations,
  ...uploadVariations,
  ...extensionVariations,
  ...v1Variations,
];
