import { afterEach, describe, expect, it } from 'vitest';
import { refusing } from '../../src/server/defects/changes.ts';
import { refusal } from '../../src/server/http/exchange.ts';
import { type ReferenceSettings, runAgainst, startReference } from '../proof/run.ts';

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

/** A run of the restart checks; the command ends at once, and the server comes back so much later. */
async function restarted(awayMs: number, settings: Partial<ReferenceSettings> = {}) {
  const reference = await startReference({ protocol: 'pulse', ...settings });
  undo.push(reference.stop);
  let restarting = Promise.resolve();
  const restart = async () => {
    restarting = reference.restart(awayMs);
  };
  const run = await runAgainst({ ...reference, restart }, { only: ['data.restart.*'] });
  await restarting;
  return run;
}

const verdicts = ({ results }: Awaited<ReturnType<typeof restarted>>) =>
  results.map(({ id, verdict, remark, violation }) => [id, verdict, violation?.actual ?? remark]);

const passed = ['between-chunks', 'mid-patch', 'durability'].map((id) => [
  `data.restart.${id}`,
  'pass',
  undefined,
]);

describe('a restart', () => {
  it('is waited for where its command ends before the server listens', async () => {
    expect(verdicts(await restarted(700))).toEqual(passed);
  });

  it('is judged by empty PATCHes where the server has no HEAD', async () => {
    const behaviour = refusing(({ request }) =>
      request.method === 'HEAD' ? refusal(405, 'no HEAD here') : undefined,
    );
    const run = await restarted(0, { behaviour });
    expect(run.target.headless).toBeDefined();
    expect(verdicts(run)).toEqual(passed);
  });
});
