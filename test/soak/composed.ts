import { setup as build } from '../build.ts';
import { type Composed, type ComposedEnd, runComposed } from '../schedules/composed.ts';
import { faultsOfComposed } from '../schedules/judge-composed.ts';
import type { SoakPart } from './part.ts';

const MIB = 1_048_576;

/** The last is a file with holes, so that it takes no room; larger chunks keep the number of requests down. */
const sizes: readonly (readonly [string, Pick<Composed, 'sizeBytes' | 'chunkBytes'>])[] = [
  ['0', { sizeBytes: 0, chunkBytes: 16 * MIB }],
  ['1 byte', { sizeBytes: 1, chunkBytes: 16 * MIB }],
  ['a chunk (16 MiB)', { sizeBytes: 16 * MIB, chunkBytes: 16 * MIB }],
  ['a chunk and a byte', { sizeBytes: 16 * MIB + 1, chunkBytes: 16 * MIB }],
  ['64 MiB', { sizeBytes: 64 * MIB, chunkBytes: 16 * MIB }],
  ['5 GiB', { sizeBytes: 5 * 1024 * MIB, chunkBytes: 64 * MIB }],
];

/** The composed schedule of all faults, with each size and its control arm. */
export const composedSoak: SoakPart = {
  id: 'composed',
  title: 'All faults in one upload',
  run: async ({ seed, rounds = 1, report }) => {
    build();
    const failures: string[] = [];
    const rows: string[] = [];
    let stages: readonly string[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const [name, size] of sizes) {
        const composed = { seed: seed + round, ...size };
        const end = await runComposed(composed);
        const altered = { ...composed, altered: true };
        const wrong = [
          ...faultsOfComposed(composed, end),
          ...faultsOfComposed(altered, await runComposed(altered)),
        ];
        failures.push(...wrong.map((what) => `${name}, seed ${composed.seed}: ${what}`));
        rows.push(rowOf(name, composed, end));
        if (end.stages.length > stages.length) stages = end.stages;
        report(`  ${name}${wrong.length === 0 ? '' : ': FAILED'}`);
      }
    }
    const names = sizes.map(([name]) => name).join(', ');
    const figures = `the composed schedule with ${names}: each proven, each refused where the file changed`;
    return { failures, page: pageOf(stages, rows), figures };
  },
};

function rowOf(
  name: string,
  { sizeBytes }: Composed,
  { requests, sentBytes, ends, elapsedMs }: ComposedEnd,
): string {
  const times = sizeBytes === 0 ? '' : `${(sentBytes / sizeBytes).toFixed(2)}`;
  return `| ${name} | ${requests.length} | ${sentBytes} | ${times} | ${ends.length} | ${(elapsedMs / 1000).toFixed(0)} s |`;
}

function pageOf(stages: readonly string[], rows: readonly string[]): string {
  return [
    `One upload by the real command meets, one after another: ${stages.join(', ')}.`,
    'An empty file has no PATCH: there finalize meets what it can meet. Each upload ended proven, the server held exactly',
    'one finished file with the right SHA-256, and no two requests were under way at once. With the file changed in the',
    'middle of the schedule, each ended with exit code 3.',
    '',
    '| file | requests | bytes sent | times its size | runs of the command, the killed one included | time |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
