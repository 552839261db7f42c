import { expect, it } from 'vitest';
import { notUnderV1, sharedDefects } from './shared.ts';
import { surprisesOf } from './surprises.ts';

const named = sharedDefects.map((defect) => [defect.id, defect] as const);

it.concurrent.each(named.filter(([id]) => !notUnderV1.has(id)))(
  '%s is noticed under protocol v1 too',
  async (_id, defect) => {
    expect(await surprisesOf(defect, { of: 'only-named' })).toEqual([]);
  },
);

it.concurrent.each(named.filter(([id]) => notUnderV1.has(id)))(
  '%s is not shown under protocol v1, for the reason given',
  async (_id, defect) => {
    const surprises = await surprisesOf(defect, { of: 'only-named' });
    expect(surprises, 'it is noticed: take it out of notUnderV1').not.toEqual([]);
  },
);

it('gives reasons for shared defects only', () => {
  const shared = new Set(sharedDefects.map(({ id }) => id));
  expect([...notUnderV1.keys()].filter((id) => !shared.has(id))).toEqual([]);
});
