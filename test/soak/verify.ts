import { defects } from '../../src/server/defects.ts';
import { sideBySide } from '../../src/verify/side-by-side.ts';
import { violationsOf } from '../proof/violations.ts';
import type { SoakConditions, SoakOutcome, SoakPart } from './part.ts';

/** Each defect against the whole suite: `npm run proof` asks only what is related and a sample of the rest. */
export const verifySoak: SoakPart = {
  id: 'verify',
  title: 'The tester against every defect',
  run: crossProduct,
};

const JOBS = 4;

async function crossProduct({ report }: SoakConditions): Promise<SoakOutcome> {
  const failures: string[] = [];
  const rows: string[] = [];
  await sideBySide(defects, JOBS, async (defect) => {
    const { violated, troubles } = await violationsOf(defect, Number.POSITIVE_INFINITY);
    const expected = new Set(defect.breaks);
    const wrong = [
      ...defect.breaks.filter((id) => !violated.includes(id)).map((id) => `${id} does not notice`),
      ...violated.filter((id) => !expected.has(id)).map((id) => `${id} notices too`),
      ...troubles,
    ].map((what) => `${defect.id}: ${what}`);
    failures.push(...wrong);
    rows.push(`| ${defect.id} | ${violated.join(', ')} |`);
    report(wrong.length === 0 ? `  ${defect.id}` : wrong.map((line) => `  ${line}`).join('\n'));
  });
  const head = ['| defect | checks that notice it, of the whole suite |', '|---|---|'];
  return { failures, page: [...head, ...rows.sort()].join('\n') };
}
