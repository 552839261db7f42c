import { expect, it } from 'vitest';
import type { Variation } from '../../src/server/defects/defect.ts';
import { objectionsToVariation } from './objections.ts';

/** Correct servers differ: none of these differences is anything to fail or to warn about. */
export function proveVariations(variations: readonly Variation[]): void {
  it.concurrent.each(variations.map((variation) => [variation.id, variation] as const))(
    '%s is right',
    async (_id, variation) => {
      expect(await objectionsToVariation(variation)).toEqual([]);
    },
  );
}
