import { expect, it } from 'vitest';
import type { Defect } from '../../src/server/defects.ts';
import { surprisesOf } from './surprises.ts';

/** Each defect is noticed by exactly the checks that it names, and nobody else complains. */
export function proveDefects(defects: readonly Defect[]): void {
  it.concurrent.each(defects.map((defect) => [defect.id, defect] as const))(
    '%s is noticed by exactly the checks that it names',
    async (_id, defect) => {
      expect(await surprisesOf(defect)).toEqual([]);
    },
  );
}
