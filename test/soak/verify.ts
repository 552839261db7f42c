import { fullScale } from '../../src/server/defects/defect.ts';
import { type Defect, defects } from '../../src/server/defects.ts';
import { integerBetween, seededRandom } from '../../src/verify/random.ts';
import { sideBySide } from '../../src/verify/side-by-side.ts';
import { hardships } from '../proof/hardships.ts';
import { referenceRun } from '../proof/reference.ts';
import { surprisesOf } from '../proof/surprises.ts';
import type { SoakConditions, SoakPart } from './part.ts';

/** The proof of the tester without samples: `npm run proof` asks each defect only what is related, and some of the rest. */
export const verifySoak: SoakPart = {
  id: 'verify',
  title: 'The tester, proven without samples',
  run: async (conditions) => {
    const steady = await steadyVerdicts(conditions);
    const crossed = await crossProduct(conditions);
    const large = await largeFiles(conditions);
    const parts = [steady, crossed, large];
    return {
      failures: parts.flatMap(({ failures }) => failures),
      page: parts.map(({ page }) => page).join('\n\n'),
    };
  },
};

interface Part {
  readonly failures: readonly string[];
  readonly page: string;
}

const JOBS = 6;
const ROUNDS = 20;

/** The reference server, again and again: nothing of what surrounds a run changes a verdict. */
async function steadyVerdicts({ seed, rounds = ROUNDS, report }: SoakConditions): Promise<Part> {
  const failures: string[] = [];
  const random = seededRandom(seed);
  const rows: string[] = [];
  for (const protocol of ['pulse', 'tus', 'pulse-v1'] as const) {
    const settings = { protocol };
    const expected = await referenceRun({ id: `${protocol}, undisturbed`, settings, seed });
    failures.push(...expected.objections);
    for (const hardship of hardships) {
      const id = `${protocol}, ${hardship.id}`;
      const seeds = Array.from({ length: rounds }, () => integerBetween(random, 1, 2 ** 31));
      await sideBySide(seeds, JOBS, async (each) => {
        const { objections, verdicts } = await referenceRun({ id, settings, seed: each, hardship });
        const changed = Object.keys(verdicts).filter((check) => verdicts[check] !== expected.verdicts[check]);
        failures.push(...[...objections, ...changed].map((what) => `${id}, seed ${each}: ${what}`));
      });
      rows.push(`| ${protocol} | ${hardship.id} | ${rounds} | ${Object.keys(expected.verdicts).length} |`);
      report(`  ${id}: ${rounds} runs`);
    }
  }
  const head = '| server | circumstances | runs | verdicts, identical in each run |\n|---|---|---|---|\n';
  return { failures, page: `## The reference server\n\n${head}${rows.join('\n')}` };
}

/** Each defect against the whole suite. */
async function crossProduct({ seed, report }: SoakConditions): Promise<Part> {
  const failures: string[] = [];
  const rows = new Map<string, string>();
  await sideBySide(defects, JOBS, async (defect) => {
    failures.push(...(await named(defect, surprisesOf(defect, { of: 'whole-suite', settings: { seed } }))));
    rows.set(defect.id, `| \`${defect.id}\` | ${defect.breaks.map((id) => `\`${id}\``).join(', ')} |`);
    if (rows.size % 20 === 0) report(`  ${rows.size} of ${defects.length} defects`);
  });
  const head = '| defect | the checks that notice it, of the whole suite |\n|---|---|';
  const table = defects.map(({ id }) => rows.get(id));
  return { failures, page: ['## Every defect against every check', '', head, ...table].join('\n') };
}

/** The rows of large files in their full size; everywhere else they are a thousandth of it. */
async function largeFiles({ report }: SoakConditions): Promise<Part> {
  const failures: string[] = [];
  const large = defects.filter(({ serve }) => serve?.needs === 'large');
  const minutesMs = 20 * 60_000;
  for (const defect of large) {
    const only = defect.breaks;
    const settings = { only, timeoutMs: 60_000, scenarioTimeoutMs: minutesMs, runTimeoutMs: minutesMs };
    const asking = { of: 'only-named', scale: fullScale, settings } as const;
    failures.push(...(await named(defect, surprisesOf(defect, asking))));
    const right: Defect = { ...defect, id: `${defect.id}, mended`, breaks: [], behaviour: () => ({}) };
    failures.push(...(await named(right, surprisesOf(right, asking))));
    report(`  ${defect.id}, in full size`);
  }
  const list = large.map(({ id, says }) => `- \`${id}\`: ${says}`).join('\n');
  const text =
    'Noticed with files of 4 GiB and 1 MiB and of 2 GiB and 1 byte; the server without the defect passes the same checks.';
  return { failures, page: `## Large files\n\n${text}\n\n${list}` };
}

async function named({ id }: Defect, surprises: Promise<readonly string[]>): Promise<readonly string[]> {
  return (await surprises).map((surprise) => `${id}: ${surprise}`);
}
