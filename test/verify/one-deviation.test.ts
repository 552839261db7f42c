import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { answering, both, filtering, method, status, uploadOf } from '../../src/server/defects/changes.ts';
import { coreHeadDefects } from '../../src/server/defects/core-head.ts';
import { refusal } from '../../src/server/http/exchange.ts';
import type { Behaviour } from '../../src/server/parts.ts';
import { isComplete } from '../../src/server/store/upload.ts';
import { uploadVariations } from '../../src/server/variations/uploads.ts';
import { objectionsIn } from '../proof/objections.ts';
import { keysFor, type ReferenceSettings, runAgainst, startReference } from '../proof/run.ts';

/** What all checks of a dialect have against a server, by their ids. */
async function objectedBy(settings: ReferenceSettings, only: readonly string[]) {
  const reference = await startReference(settings);
  onTestFinished(reference.stop);
  const run = await runAgainst(reference, { ...keysFor(settings), only });
  return objectionsIn(run).map((line) => line.replace(/:.*/s, ''));
}

const finalizes201: Behaviour = answering(
  ({ exchange, reply }) => exchange.request.path === '/uploads/finalize' && reply.status === 200,
  (reply) => ({ ...reply, status: 201 }),
);

it('a finalize that answers 201 is found once, with a token and without', async () => {
  for (const guarded of [false, true]) {
    const settings = { protocol: 'pulse', guarded, behaviour: finalizes201 } as const;
    expect(await objectedBy(settings, ['pulse.finalize.*', 'pulse.flow.*'])).toEqual([
      'warn pulse.finalize.200',
    ]);
  }
});

it('a chunk that is answered with 200 is found by the checks of that answer', async () => {
  const behaviour = answering(both(method('PATCH'), status(204)), (reply) => ({ ...reply, status: 200 }));
  const only = ['pulse.*', 'core.patch.204'];
  expect(await objectedBy({ protocol: 'pulse', behaviour }, only)).toEqual([
    'warn core.patch.204',
    'fail pulse.patch.204',
    'fail pulse.multipart.204',
    'fail pulse.flow.e2e',
  ]);
});

it('a finalize that refuses the token with which the upload was created is a finding', async () => {
  const behaviour = answering(
    ({ exchange }) => exchange.request.path === '/uploads/finalize',
    () => refusal(403, 'not yours'),
  );
  const settings = { protocol: 'pulse', guarded: true, behaviour } as const;
  expect(await objectedBy(settings, ['pulse.finalize.200'])).toEqual(['fail pulse.finalize.200']);
});

it('a finalize that asks for a token, which nobody gave, is no finding, and is said once', async () => {
  const behaviour = uploadVariations.find(({ id }) => id === 'guarded-at-finalize')?.behaviour() ?? {};
  const reference = await startReference({ protocol: 'pulse', guarded: true, behaviour });
  onTestFinished(reference.stop);
  const only = ['pulse.finalize.*', 'pulse.flow.*', 'data.roundtrip.chunked', 'core.patch.204'];
  const { results, exitCode } = await runAgainst(reference, { only });
  const passed = results.filter(({ verdict }) => verdict === 'pass').map(({ id }) => id);
  // What it refuses before it asks for the token is shown for all that.
  const shown = ['get', 'bad-json', 'bad-content-type', 'filename.long'].map(
    (name) => `pulse.finalize.${name}`,
  );
  expect(passed).toEqual(['core.patch.204', ...shown]);
  const others = results.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'skip');
  expect([...new Set(others.map(({ verdict, remark }) => `${verdict}: ${remark}`))]).toEqual([
    expect.stringMatching(
      /^blocked: finalize answered 401 Unauthorized; the server asks for a credential: give it /,
    ),
  ]);
  expect(exitCode).toBe(9);
});

it.each([
  ['cannot be read back', 'complete-is-gone'],
  ['are served', 'complete-is-gone-or-lost'],
])('complete uploads that are moved away, and %s, are found once', async (_, defect) => {
  const behaviour = coreHeadDefects.find(({ id }) => id === defect)?.behaviour() ?? {};
  const only = [
    'core.head.*',
    'creation.*',
    'defer.*',
    'cwu.*',
    'concat.*',
    'termination.*',
    'data.duplicate*',
  ];
  expect(await objectedBy({ protocol: 'tus', behaviour }, only)).toEqual(['warn core.head.offset-completed']);
});

it('artifacts that cannot be removed are found once', async () => {
  const behaviour = filtering(async ({ request: { method: asked, path } }, next) =>
    asked === 'DELETE' && path.startsWith('/artifacts/') ? refusal(501, 'nothing is removed here') : next(),
  );
  expect(await objectedBy({ protocol: 'pulse-v1', behaviour }, ['v1.artifact.*'])).toEqual([
    'warn v1.artifact.delete',
  ]);
});

it('artifacts that are served late, and by a redirect, are found once', async () => {
  const asked = new Set<string>();
  const behaviour = answering(
    ({ exchange: { request }, reply }) => request.path.startsWith('/artifacts/') && reply.status < 300,
    (_, { request }) => {
      if (asked.has(request.path)) return { status: 302, headers: { Location: 'http://127.0.0.1:1/files' } };
      asked.add(request.path);
      return refusal(404, 'not yet');
    },
  );
  const only = ['v1.artifact.get*', 'v1.completion.idempotent'];
  expect(await objectedBy({ protocol: 'pulse-v1', behaviour }, only)).toEqual([
    'warn v1.artifact.get.promptly',
  ]);
});

it('finished uploads that cannot be deleted are found once', async () => {
  const behaviour = filtering(async (exchange, next, parts) => {
    const upload = exchange.request.method === 'DELETE' ? await uploadOf(exchange, parts) : undefined;
    return upload && isComplete(upload) ? refusal(400, 'it is finished') : next();
  });
  expect(await objectedBy({ protocol: 'tus', behaviour }, ['termination.*'])).toEqual([
    'warn termination.finished.204',
  ]);
});

/** As on the command line: time for some answers that do not come. */
const impatient = { timeoutMs: 700, scenarioTimeoutMs: 3500, busyMs: 2000 };

it('a lock that a cut leaves behind, in front of which chunks wait in silence, is a failure', async () => {
  const locked = new Set<string>();
  const behaviour = filtering(async ({ request, incoming, outgoing }, next) => {
    if (request.method !== 'PATCH') return next();
    if (locked.has(request.path)) await once(outgoing, 'close');
    incoming.once('close', () => {
      if (!incoming.complete) locked.add(request.path);
    });
    return next();
  });
  const reference = await startReference({ protocol: 'pulse', behaviour });
  onTestFinished(reference.stop);
  const only = ['data.disconnect.mid-chunk'];
  const { results } = await runAgainst(reference, { ...impatient, only });
  expect(results.map(({ verdict, violation }) => [verdict, violation?.actual])).toEqual([
    ['fail', expect.stringMatching(/^PATCH at \d+: no answer came within 700 ms$/)],
  ]);
});

it('a lock that a refused chunk leaves behind, in front of which others wait in silence, is a failure', async () => {
  const turns = new Map<string, Promise<void>>();
  const behaviour = filtering(async ({ request: { method, path }, outgoing }, next) => {
    const gone = once(outgoing, 'close');
    if (path === '/uploads/finalize') await Promise.race([gone, Promise.all(turns.values())]);
    if (method !== 'PATCH') return next();
    const before = turns.get(path);
    let release = () => {};
    turns.set(
      path,
      new Promise((resolve) => {
        release = resolve;
      }),
    );
    await Promise.race([gone, before]);
    const reply = await next();
    if (reply.status === 204) release();
    return reply;
  });
  const reference = await startReference({ protocol: 'pulse', behaviour });
  onTestFinished(reference.stop);
  const only = ['data.concurrent.same-offset'];
  const { results } = await runAgainst(reference, { ...impatient, only });
  expect(results.map(({ verdict, violation }) => [verdict, violation?.actual])).toEqual([
    ['fail', 'finalize: no answer came within 700 ms'],
  ]);
});
