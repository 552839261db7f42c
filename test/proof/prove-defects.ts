import { describe, expect, it } from 'vitest';
import type { Defect } from '../../src/server/defects.ts';
import { violationsOf } from './violations.ts';

const TEST_MS = 120_000;

/** Each defect is noticed by exactly the checks that it names, and nobody else complains. */
export function proveDefects(defects: readonly Defect[]): void {
  describe.each(defects.map((defect) => [defect.id, defect] as const))('%s', (_id, defect) => {
    const isAffordable = defect.serve?.needs === undefined;
    it.skipIf(!isAffordable)(
      'is noticed by exactly the checks that it names',
      async () => {
        const { violated, troubles } = await violationsOf(defect);
        expect(violated).toEqual([...defect.breaks].sort());
        expect(troubles).toEqual([]);
      },
      TEST_MS,
    );
  });
}
