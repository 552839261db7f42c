import { describe, expect, it } from 'vitest';
import { expiringSoon } from '../../src/server/defects/expiration.ts';
import { expiration } from '../../src/server/extensions/expiration.ts';
import { standardExtensions } from '../../src/server/extensions.ts';
import type { Behaviour } from '../../src/server/server.ts';
import { runAgainst, startReference } from '../proof/run.ts';

/** What a run with that patience has to say about uploads that expire. */
async function verdicts(behaviour: Behaviour, maxWaitMs: number) {
  const reference = await startReference({ protocol: 'tus', behaviour });
  try {
    const only = ['expiration.gone*'];
    const { results } = await runAgainst(reference, { only, maxWaitMs, scenarioTimeoutMs: 2000 });
    return results.map(({ id, verdict, remark }) => ({ id, verdict, remark }));
  } finally {
    await reference.stop();
  }
}

describe('a deadline of the server', () => {
  it('is not waited for where nobody allows it, and the reason says how to', async () => {
    const found = await verdicts({ extensions: [...standardExtensions, expiration(3_600_000)] }, 0);
    expect(found.map(({ verdict }) => verdict)).toEqual(['skip', 'skip', 'skip']);
    expect(found[0]?.remark).toMatch(/^uploads expire \d{4} s after .*: only with --max-wait \d{4}s$/);
  });

  it('is waited for beside the time that a scenario has for itself', async () => {
    // Two seconds of grace alone are all that this scenario has.
    const found = await verdicts(expiringSoon(), 30_000);
    expect(found.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass']);
  });
});
