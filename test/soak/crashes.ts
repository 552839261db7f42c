import { setup as build } from '../build.ts';
import {
  type CrashingServer,
  type CrashReport,
  crashClient,
  crashServer,
  startCrashingServer,
} from '../crashes/crash.ts';
import type { SoakConditions, SoakPart } from './part.ts';

const CRASHES = 500;
const LANES = 3;

/** kill -9 of the client, and of the server, at random moments. */
export const crashesSoak: SoakPart = {
  id: 'crashes',
  title: 'kill -9 at random moments',
  run: async (conditions) => {
    build();
    const ofClient = await crashAll('client', crashClient, conditions);
    const ofServer = await crashAll('server', crashServer, conditions);
    const failures = [...ofClient, ...ofServer].flatMap(({ seed, who, moment, wrong }) =>
      wrong.map(
        (what) =>
          `${who} killed, ${JSON.stringify(moment)}: ${what}\n  again: npm run soak -- --only crashes --seed ${seed} --rounds 1`,
      ),
    );
    const struck = (reports: readonly Seeded[]) => reports.filter((report) => report.struck).length;
    const figures = `kill -9 of the client ${ofClient.length} times and of the server ${ofServer.length} times (${struck(ofClient)} and ${struck(ofServer)} before the upload was over): each ended proven, stored once, and nothing that the server had was sent again`;
    return { failures, page: pageOf(ofClient, ofServer), figures };
  },
};

interface Seeded extends CrashReport {
  readonly seed: number;
  readonly who: string;
}

/** Each lane has a server of its own, which lives through all of its crashes. */
async function crashAll(
  who: string,
  crash: (seed: number, server: CrashingServer) => Promise<CrashReport>,
  { seed, rounds = CRASHES, report }: SoakConditions,
): Promise<readonly Seeded[]> {
  const reports: Seeded[] = [];
  const lane = async (first: number) => {
    const server = await startCrashingServer();
    try {
      for (let at = first; at < rounds; at += LANES) {
        reports.push({ seed: seed + at, who, ...(await crash(seed + at, server)) });
        if (reports.length % 50 === 0) report(`  ${who} ${reports.length}`);
      }
    } finally {
      await server.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, rounds) }, (_, first) => lane(first)));
  return reports;
}

const moments: readonly (readonly [string, (report: Seeded) => boolean])[] = [
  ['at a random time after the start', ({ moment }) => moment.at === 'time'],
  [
    'while a request arrives',
    ({ moment }) => (moment.at === 'head' || moment.at === 'body') && !isFinalize(moment),
  ],
  [
    'when a request was answered, and the client has not heard of it',
    ({ moment }) => moment.at === 'answer' && !isFinalize(moment),
  ],
  ['within 5 ms of an answer', ({ moment }) => moment.at === 'afterwards' && !isFinalize(moment)],
  ['when finalize has arrived', ({ moment }) => moment.at === 'head' && isFinalize(moment)],
  ['between finalize and its answer', ({ moment }) => moment.at === 'answer' && isFinalize(moment)],
  ['within 5 ms of the answer to finalize', ({ moment }) => moment.at === 'afterwards' && isFinalize(moment)],
];

function isFinalize(moment: Seeded['moment']): boolean {
  return moment.at !== 'time' && moment.request === 'finalize';
}

function pageOf(ofClient: readonly Seeded[], ofServer: readonly Seeded[]): string {
  const struck = (reports: readonly Seeded[]) => reports.filter((report) => report.struck);
  const rows = moments.map(
    ([name, holds]) =>
      `| ${name} | ${struck(ofClient).filter(holds).length} | ${struck(ofServer).filter(holds).length} |`,
  );
  return [
    'Each crash is a kill -9 of a real process during one upload of 2 to 6 chunks, at a moment that its seed draws.',
    'After it the same command ended proven, the server held exactly one finished file with the right SHA-256,',
    'no upload with bytes in it was left behind, and what the server still had was not sent again.',
    '',
    '| | client | server |',
    '|---|---|---|',
    `| crashes drawn | ${ofClient.length} | ${ofServer.length} |`,
    `| of them after the end of the upload: nothing to get over | ${ofClient.length - struck(ofClient).length} | ${ofServer.length - struck(ofServer).length} |`,
    ...rows,
    `| the same command was run again | ${ofClient.filter(({ runs }) => runs > 1).length} | ${ofServer.filter(({ runs }) => runs > 1).length} |`,
  ].join('\n');
}
