import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CrashingServer,
  type CrashReport,
  crashClient,
  crashServer,
  startCrashingServer,
} from './crash.ts';

/** Drawn anew each time; printed, so that a failure can be repeated: npm run soak -- --only crashes --seed <n> --rounds 1 */
const seed = Number(process.env.PULSE_UPLOAD_SEED ?? Math.floor(Math.random() * 2 ** 31));
const CRASHES = 30;
const LANES = 3;
console.log(`crashes: seeds ${seed} to ${seed + CRASHES - 1}`);

const servers: CrashingServer[] = [];
beforeAll(async () => {
  for (let lane = 0; lane < 2 * LANES; lane++) servers.push(await startCrashingServer());
});
afterAll(() => Promise.all(servers.map((server) => server.close())));

/** Lane after lane of crashes, each lane with a server of its own. */
async function crashAll(
  crash: (seed: number, server: CrashingServer) => Promise<CrashReport>,
  own: readonly CrashingServer[],
): Promise<readonly CrashReport[]> {
  const lanes = own.map(async (server, lane) => {
    const reports: CrashReport[] = [];
    for (let at = lane; at < CRASHES; at += own.length) reports.push(await crash(seed + at, server));
    return reports;
  });
  return (await Promise.all(lanes)).flat();
}

function expectNothingWrong(reports: readonly CrashReport[]): void {
  expect(reports.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
  expect(reports).toHaveLength(CRASHES);
  // Some moments lie behind the end of their upload, which says nothing; most do not.
  expect(reports.filter(({ struck }) => struck).length).toBeGreaterThan(CRASHES / 2);
}

describe(`kill -9, ${CRASHES} times at random moments: the same command ends proven, and the file is stored once`, () => {
  it('of the client', async () => {
    expectNothingWrong(await crashAll(crashClient, servers.slice(0, LANES)));
  });

  it('of the server, which comes back', async () => {
    expectNothingWrong(await crashAll(crashServer, servers.slice(LANES)));
  });
});
