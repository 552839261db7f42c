import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { PulseError } from '../../src/errors.ts';
import { filtering } from '../../src/server/defects/changes.ts';
import { defects } from '../../src/server/defects.ts';
import { refusal } from '../../src/server/http/exchange.ts';
import type { Filter } from '../../src/server/parts.ts';
import { createDial } from '../../src/transport/raw.ts';
import { offsetOf } from '../../src/verify/answers.ts';
import { canary } from '../../src/verify/canary.ts';
import { Blocked, type Check, type Section, Violation } from '../../src/verify/check.ts';
import type { VerifyEvent } from '../../src/verify/events.ts';
import { expectAnswer } from '../../src/verify/expect.ts';
import { may, must } from '../../src/verify/levels.ts';
import type { Probe } from '../../src/verify/probe/probe.ts';
import { scenario, wholeRun } from '../../src/verify/scenario.ts';
import { suite } from '../../src/verify/suite.ts';
import { type VerifySettings, type VerifyTools, verify } from '../../src/verify/verify.ts';
import { clock, settingsFor, startReference } from '../proof/run.ts';
import { aCheck } from './made-up.ts';
import { httpServer, rawServer, stopAll } from './probes.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0)) await undo();
  await stopAll();
});

const sectionOf = (...checks: readonly Check[]): Section => ({
  number: 1,
  title: 'Made up',
  checks,
  untestable: {},
});

async function reference(protocol: 'pulse' | 'tus' = 'pulse') {
  const started = await startReference({ protocol });
  cleanup.push(started.stop);
  return started.url;
}

const run = (
  server: URL,
  sections: readonly Section[],
  changes: Partial<VerifySettings> = {},
  tools: Partial<VerifyTools> = {},
) =>
  verify(settingsFor(server, changes), { sections, dial: createDial(), clock, report: () => {}, ...tools });

const looking = scenario({
  id: 'looking',
  does: 'asks OPTIONS',
  run: async (probe) => ({ asked: await probe.options() }),
});
const answered = aCheck({
  id: 'a.answered',
  level: must,
  reads: looking,
  judge: (seen) => void expectAnswer((seen as { asked: never }).asked),
} as Partial<Check>);

describe('a run', () => {
  it('ends with one result for each selected check, in the order of the suite', async () => {
    const passing = aCheck({ id: 'a.passing', reads: looking });
    const failing = aCheck({
      id: 'a.failing',
      reads: looking,
      judge: () => {
        throw new Violation({ actual: 'wrong' });
      },
    });
    const other = aCheck({ id: 'b.other', level: { tus: 'MUST' } });
    const { results, counts, exitCode } = await run(await reference(), [
      sectionOf(failing, other),
      sectionOf(passing),
    ]);
    expect(results.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['a.failing', 'fail'],
      ['b.other', 'skip'],
      ['a.passing', 'pass'],
    ]);
    expect(counts).toMatchObject({ fail: 1, skip: 1, pass: 1 });
    expect(exitCode).toBe(1);
  });

  it.each([
    ['auto', 404],
    ['tus', 405],
    ['pulse', 302],
  ] as const)(
    'of a URL that creates no uploads (%s, %i) finds nothing broken: exit 9',
    async (protocol, status) => {
      const asked: string[] = [];
      const origin = await httpServer((request, response) => {
        asked.push(`${request.method} ${request.url}`);
        response.writeHead(status).end();
      });
      const failing = aCheck({
        id: 'a.failing',
        level: must,
        reads: looking,
        judge: () => {
          throw new Violation({ actual: 'wrong' });
        },
      });
      const { results, exitCode, target } = await run(new URL(origin), [sectionOf(failing)], { protocol });
      const why = expect.stringMatching(
        `^this URL does not create uploads: POST ${origin}/.* answered ${status}`,
      );
      expect(results).toMatchObject([{ verdict: 'blocked', remark: why }]);
      expect(exitCode).toBe(9);
      expect(target.advice).toContain(
        `plain tus wants the URL that creates uploads, for example ${origin}/files`,
      );
      expect(asked.filter((line) => line.startsWith('POST'))).toHaveLength(1);
    },
  );

  it('of a server that shows a sign of the protocol judges its refusal to create uploads', async () => {
    const origin = await httpServer((request, response) => {
      if (request.url === '/health') return void response.end('{"status":"OK"}');
      response.writeHead(404).end();
    });
    const refused = aCheck({
      id: 'a.refused',
      level: must,
      reads: looking,
      judge: () => {
        throw new Violation({ actual: 'wrong' });
      },
    });
    const { results, exitCode } = await run(new URL(origin), [sectionOf(refused)]);
    expect(results).toMatchObject([{ verdict: 'fail' }]);
    expect(exitCode).toBe(1);
  });

  it('of a server that takes no chunk says so once, and quickly', async () => {
    const filter: Filter = async ({ request }, next) =>
      request.method === 'PATCH' ? { status: 500 } : next();
    const { url, stop } = await startReference({ protocol: 'pulse', behaviour: { filter } });
    cleanup.push(stop);
    const only = ['core.patch.*', 'data.chunk.*', 'pulse.flow.*'];
    const { results, exitCode, recordings } = await run(url, suite, { only });
    const tried = results.find(({ id }) => id === 'data.chunk.single-byte-file');
    const recording = recordings.find(({ scenario: id }) => id === tried?.scenario);
    // The chunk itself, and what a client would try again, once.
    expect(recording?.exchanges.filter(({ sent }) => sent.method === 'PATCH')).toHaveLength(3);
    const of = (verdict: string) => results.filter((result) => result.verdict === verdict);
    expect(of('fail').map(({ id }) => id)).toEqual(['core.patch.204']);
    expect(of('blocked').length).toBeGreaterThan(30);
    expect(new Set(of('blocked').map(({ remark }) => remark))).toEqual(
      new Set(['no chunk is taken: PATCH answered 500 Internal Server Error']),
    );
    expect(exitCode).toBe(1);
  });

  it('shows of an upload that is too long where that one stands, and not another', async () => {
    const longest = defects.find(({ id }) => id === 'length-ignored');
    const { url, stop } = await startReference({ protocol: 'pulse', behaviour: longest?.behaviour() ?? {} });
    cleanup.push(stop);
    const { results } = await run(url, suite, { only: ['core.patch.exceed-then-recover'] });
    expect(results).toMatchObject([{ verdict: 'fail', violation: { actual: 'it stands at 34' } }]);
    const asked = results[0]?.evidence.at(-1);
    expect([asked?.sent.method, offsetOf(asked)]).toEqual(['HEAD', 34]);
  });

  it('runs a scenario once for all checks that read it, and one that nobody reads not at all', async () => {
    let times = 0;
    const counting = scenario({ id: 'counting', does: 'counts', run: async () => ({ times: ++times }) });
    const unread = scenario({
      id: 'unread',
      does: 'fails',
      run: async () => {
        throw new Error('ran');
      },
    });
    const checks = [
      aCheck({ id: 'a', reads: counting }),
      aCheck({ id: 'b', reads: counting }),
      aCheck({ id: 'c', reads: unread }),
    ];
    const { exitCode } = await run(await reference(), [sectionOf(...checks)], { skip: ['c'] });
    expect([times, exitCode]).toEqual([1, 0]);
  });

  it('tells the same story in events', async () => {
    const events: VerifyEvent[] = [];
    await run(await reference(), [sectionOf(answered)], {}, { report: (event) => void events.push(event) });
    const types = events.map(({ type }) => type);
    expect(types.slice(0, 4)).toEqual(['verify.start', 'scenario.start', 'scenario.end', 'check.end']);
    expect(types.slice(4)).toEqual([]);
    expect(events[0]).toMatchObject({ protocol: 'pulse', checks: 1, seed: 1, runId: 'proof' });
    expect(events.find(({ type }) => type === 'check.end')).toMatchObject({
      id: 'a.answered',
      verdict: 'pass',
      level: 'MUST',
    });
  });

  it('blocks the checks of a scenario whose set-up was refused, and says which', async () => {
    const refused = scenario({
      id: 'refused',
      does: 'gives up',
      run: async () => {
        throw new Blocked('POST answered 500');
      },
    });
    const { results, exitCode } = await run(await reference(), [sectionOf(aCheck({ reads: refused }))]);
    expect(results[0]).toMatchObject({ verdict: 'blocked', remark: 'POST answered 500' });
    expect(exitCode).toBe(9);
  });

  it('takes a mistake of ours for an error, never for a verdict on the server', async () => {
    const broken = scenario({
      id: 'broken',
      does: 'fails',
      run: async () => {
        throw new TypeError('undefined is not a function');
      },
    });
    const { results, exitCode } = await run(await reference(), [sectionOf(aCheck({ reads: broken }))]);
    expect(results[0]?.verdict).toBe('error');
    expect(exitCode).toBe(70);
  });

  it('skips what is not advertised or not allowed, with the reason, and runs nothing of it', async () => {
    const hidden = (needs: 'large' | 'multipart' | 'second-token' | 'https' | 'offers concatenation') =>
      aCheck({
        id: needs,
        reads: scenario({
          id: needs,
          does: 'fails',
          needs: [needs],
          run: async () => {
            throw new Error('ran');
          },
        }),
      });
    const needs = ['large', 'multipart', 'second-token', 'https', 'offers concatenation'] as const;
    const checks = needs.map(hidden);
    const { results, exitCode } = await run(await reference('tus'), [sectionOf(...checks)]);
    expect(results.map(({ verdict, remark }) => [verdict, remark])).toEqual([
      ['skip', 'only with --large'],
      ['skip', 'the server does not take multipart chunks'],
      ['skip', 'needs --second-token'],
      ['skip', 'the server is not reached by https'],
      ['skip', 'OPTIONS does not advertise the tus extension concatenation'],
    ]);
    expect(exitCode).toBe(9);
  });

  it('shows the checks of the whole run every exchange, and runs the scenarios that they ask for', async () => {
    const seeing = aCheck({
      id: 'a.seeing',
      reads: wholeRun(looking),
      judge: (seen) => {
        const { exchanges } = seen as { exchanges: readonly { scenario: string }[] };
        return [...new Set(exchanges.map((exchange) => exchange.scenario))].sort().join(' ');
      },
    } as Partial<Check>);
    const { results } = await run(await reference(), [sectionOf(seeing)]);
    expect(results[0]?.remark).toBe('canary discovery looking');
  });

  it('breaks off a scenario that takes too long, and goes on', async () => {
    const endless = scenario({ id: 'endless', does: 'waits', run: () => new Promise(() => {}) });
    const patient = { ...looking, timeoutMs: 60_000 };
    const checks = [aCheck({ id: 'a', reads: endless }), aCheck({ id: 'b', reads: patient })];
    const { results } = await run(await reference(), [sectionOf(...checks)], { scenarioTimeoutMs: 1_000 });
    expect(results.map(({ verdict }) => verdict)).toEqual(['blocked', 'pass']);
    expect(results[0]?.remark).toContain('longer than 1 s');
  });

  it('names what was not answered in a scenario that takes too long', async () => {
    const patient = scenario({
      id: 'patient',
      does: 'asks until the end of time',
      run: async (probe) => {
        const upload = await probe.create(11);
        for (;;) await probe.patch(upload, 0, 'abc');
      },
    });
    const { url, stop } = await startReference({
      protocol: 'pulse',
      behaviour: filtering(async ({ request: { headers }, outgoing }, next) => {
        if (headers['content-length'] === '3') await once(outgoing, 'close');
        return next();
      }),
    });
    cleanup.push(stop);
    const times = { scenarioTimeoutMs: 1_000, timeoutMs: 300 };
    const { results } = await run(url, [sectionOf(aCheck({ reads: patient }))], times);
    expect(results[0]?.remark).toBe('it took longer than 1 s, and PATCH was not answered');
  });

  it('does not count the wait for a lock as the time of a scenario', async () => {
    const locked = scenario({
      id: 'locked',
      does: 'sends a file',
      run: async (probe) => ({ finish: await probe.finish(await probe.create(11), probe.payload(11)) }),
    });
    let busyUntilMs: number | undefined;
    const { url, stop } = await startReference({
      protocol: 'pulse',
      behaviour: filtering(async ({ request: { method, headers } }, next) => {
        if (method !== 'PATCH' || headers['content-length'] !== '11') return next();
        busyUntilMs ??= performance.now() + 2_500;
        return performance.now() < busyUntilMs ? refusal(423, 'locked') : next();
      }),
    });
    cleanup.push(stop);
    const check = aCheck({ reads: locked });
    const { results } = await run(url, [sectionOf(check)], { scenarioTimeoutMs: 2_000 });
    expect(results.map(({ verdict, remark }) => [verdict, remark])).toEqual([['pass', undefined]]);
  });

  it('blocks what is left when its own time is over', async () => {
    // The time is over in the third scenario, however long a busy machine takes to get there.
    const over = new AbortController();
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const timers = vi.spyOn(AbortSignal, 'timeout');
    onTestFinished(() => timers.mockRestore());
    timers.mockImplementation((ms) => (ms === 1500 ? over.signal : timeout(ms)));
    const waiting = (id: string) => {
      const wait = async () => {
        if (id === 'c') over.abort();
      };
      return aCheck({ id, reads: scenario({ id, does: 'waits', run: wait }) });
    };
    const checks = ['a', 'b', 'c', 'd', 'e', 'f'].map(waiting);
    const { results, endedEarly } = await run(await reference(), [sectionOf(...checks)], {
      jobs: 1,
      runTimeoutMs: 1500,
    });
    const limit =
      'the run reached its limit of 1.5 s: run fewer checks with --only, or more of them at a time with --jobs';
    expect(endedEarly).toBe(limit);
    expect(results).toHaveLength(6);
    expect(results.at(-1)).toMatchObject({ verdict: 'blocked', remark: limit });
  });

  it('that is broken off while the canary is looked at ends as at any other moment', async () => {
    const over = new AbortController();
    let isLooking = false;
    const filter: Filter = async ({ request }, next) => {
      if (isLooking && request.path === '/health') over.abort(new Error('interrupted'));
      return next();
    };
    const { url, stop } = await startReference({ protocol: 'pulse', behaviour: { filter } });
    cleanup.push(stop);
    const creating = scenario({ id: 'creating', does: 'creates', run: (probe) => probe.create(10) });
    const report: VerifyTools['report'] = ({ type }) => {
      if (type === 'scenario.end') isLooking = true;
    };
    const checks = [aCheck({ id: 'a', reads: creating }), aCheck({ id: 'b', reads: canary })];
    const { endedEarly, results, leftovers } = await run(
      url,
      [sectionOf(...checks)],
      {},
      { signal: over.signal, report },
    );
    expect(endedEarly).toBe('interrupted');
    expect(results.map(({ verdict }) => verdict)).toEqual(['pass', 'blocked']);
    expect(leftovers.created).toBeGreaterThan(2);
    expect(leftovers.removed).toBe(leftovers.created);
  });

  it('that is broken off waits for the answers of creations under way, and removes what they created', async () => {
    const over = new AbortController();
    let isRunning = false;
    const filter: Filter = async ({ request }, next) => {
      const reply = await next();
      if (isRunning && request.method === 'POST' && !over.signal.aborted) {
        over.abort(new Error('interrupted'));
        await setTimeout(300);
      }
      return reply;
    };
    const { url, stop } = await startReference({ protocol: 'pulse', behaviour: { filter } });
    cleanup.push(stop);
    const create = async (probe: Probe) => {
      isRunning = true;
      await probe.create(10);
      return probe.create(11);
    };
    const creating = scenario({ id: 'creating', does: 'creates', run: create });
    const { leftovers, recordings } = await run(
      url,
      [sectionOf(aCheck({ reads: creating }))],
      {},
      { signal: over.signal },
    );
    const posts = recordings.find((taken) => taken.scenario === 'creating')?.exchanges;
    expect(posts?.map(({ answer }) => answer?.status)).toEqual([201]);
    expect(leftovers.created).toBeGreaterThan(2);
    expect(leftovers).toEqual({ created: leftovers.created, removed: leftovers.created });
  });

  it('that is broken off does not claim to have removed what nobody heard of', async () => {
    const over = new AbortController();
    const filter: Filter = async ({ request }, next) => {
      const reply = await next();
      if (request.headers['upload-length'] !== '10') return reply;
      over.abort(new Error('interrupted'));
      await setTimeout(5000, undefined, { ref: false });
      return reply;
    };
    const { url, stop } = await startReference({ protocol: 'pulse', behaviour: { filter } });
    cleanup.push(stop);
    const creating = scenario({ id: 'creating', does: 'creates', run: (probe) => probe.create(10) });
    const { leftovers } = await run(
      url,
      [sectionOf(aCheck({ reads: creating }))],
      {},
      { signal: over.signal },
    );
    expect(leftovers).toMatchObject({ removed: leftovers.created, unheard: 1 });
  });

  it('that is broken off before anything is known removes what was created by then', async () => {
    const over = new AbortController();
    const alive = new Set<string>();
    let created = 0;
    const filter: Filter = async ({ request }, next) => {
      const reply = await next();
      const place = reply.headers?.Location;
      if (request.method === 'POST' && place !== undefined) {
        alive.add(String(place));
        created += 1;
      }
      if (request.method === 'DELETE') alive.delete(request.path);
      if (request.method === 'PATCH') over.abort(new Error('interrupted'));
      return reply;
    };
    const { url, stop } = await startReference({ protocol: 'tus', behaviour: { filter } });
    cleanup.push(stop);
    await expect(run(url, [sectionOf(answered)], {}, { signal: over.signal })).rejects.toMatchObject({
      kind: 'interrupted',
      hint: undefined,
    });
    expect(created).toBeGreaterThan(0);
    expect([...alive]).toEqual([]);
  });

  it('is over as well when its time is over before anything is known about the server', async () => {
    const silent = await httpServer(() => {});
    await expect(
      run(new URL(silent), [sectionOf(answered)], { runTimeoutMs: 200, timeoutMs: 5_000 }),
    ).rejects.toMatchObject({
      kind: 'temporary',
      message: expect.stringMatching(/^the run reached its limit of 0\.2 s: .*--only.*--jobs$/),
    });
  });

  it('sends the same requests for the same seed', async () => {
    const random = scenario({
      id: 'random',
      does: 'sends random sizes',
      run: async (probe) => {
        const file = probe.payload(Math.floor(probe.random() * 1000));
        const upload = await probe.create(file.sizeBytes);
        return probe.patch(upload, 0, file.part(0, file.sizeBytes));
      },
    });
    const bodies = async (seed: number) => {
      const { recordings } = await run(await reference(), [sectionOf(aCheck({ reads: random }))], { seed });
      return recordings
        .find(({ scenario: id }) => id === 'random')
        ?.exchanges.map(({ sent }) => sent.body.sha256);
    };
    expect(await bodies(7)).toEqual(await bodies(7));
    expect(await bodies(7)).not.toEqual(await bodies(8));
  });

  it('lets a scenario that needs the server alone run when nothing else does', async () => {
    let running = 0;
    let most = 0;
    const counted = (id: string, alone?: true) =>
      aCheck({
        id,
        reads: scenario({
          id,
          does: 'counts',
          ...(alone && { alone }),
          run: async (probe) => {
            running += 1;
            most = Math.max(most, alone ? running : 0);
            await probe.pause(50);
            running -= 1;
          },
        }),
      });
    const checks = [counted('a', true), counted('b'), counted('c'), counted('d', true)];
    await run(await reference(), [sectionOf(...checks)], { jobs: 4 });
    expect(most).toBe(1);
  });

  it('removes the uploads that it created, and no others', async () => {
    const url = await reference();
    const creating = scenario({
      id: 'creating',
      does: 'creates',
      run: async (probe) => (await probe.create(10)).url,
    });
    const kept = await fetch(`${url.origin}/uploads`, {
      method: 'POST',
      headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': '3' },
    });
    const { recordings, leftovers } = await run(url, [sectionOf(aCheck({ reads: creating }))]);
    const outcome = recordings.find(({ scenario: id }) => id === 'creating')?.outcome;
    const mine = outcome?.kind === 'seen' ? String(outcome.seen) : '';
    expect(leftovers.created).toBeGreaterThanOrEqual(3);
    expect(leftovers.removed).toBe(leftovers.created);
    expect((await fetch(mine, { method: 'HEAD' })).status).toBe(404);
    expect((await fetch(new URL(kept.headers.get('location') ?? '', url), { method: 'HEAD' })).status).toBe(
      200,
    );
  });
});

describe('a target that is none', () => {
  it.each([
    ['refuses connections', undefined],
    ['closes them at once', (socket: { end: () => void }) => socket.end()],
    [
      'speaks something else',
      (socket: { write: (text: string) => void }) => socket.write('220 mail ESMTP\r\n'),
    ],
  ])('that %s is reported as such, before any verdict', async (_what, serve) => {
    const { origin } =
      serve === undefined
        ? { origin: 'http://127.0.0.1:1' }
        : await rawServer((socket) => serve(socket as never));
    const running = run(new URL(origin), [sectionOf(answered)], { timeoutMs: 1000 });
    await expect(running).rejects.toThrow(PulseError);
    await expect(running).rejects.toMatchObject({ kind: 'temporary' });
  });

  it.each([502, 504])('that is a gateway with nobody behind it (%i) is reported as such', async (status) => {
    const origin = await httpServer((_request, response) => void response.writeHead(status).end('<html>'));
    const running = run(new URL(origin), [sectionOf(answered)], { timeoutMs: 1000 });
    await expect(running).rejects.toMatchObject({
      kind: 'temporary',
      message: expect.stringMatching(`^nobody is behind ${origin}: it answers ${status} `),
    });
  });

  it.each([200, 301, 401, 404, 500])(
    'that answers %i to everything passes nothing that needs an upload',
    async (status) => {
      const origin = await httpServer(
        (_request, response) => void response.writeHead(status, { Location: '/' }).end('<html>'),
      );
      const creating = scenario({ id: 'creating', does: 'creates', run: async (probe) => probe.create(10) });
      const { exitCode, results } = await run(new URL(origin), [sectionOf(aCheck({ reads: creating }))], {
        timeoutMs: 1000,
      });
      // A 200 with a Location names an upload: its checks must look further than that.
      if (status !== 200) expect(results[0]?.verdict).toBe('blocked');
      if (status !== 200) expect(exitCode).toBe(9);
    },
  );

  it('that dies in the middle ends the run with one cause', async () => {
    let left = 40;
    const origin = await httpServer((request, response) => {
      if (left-- <= 0) return void request.socket.destroy();
      const headers = { 'Tus-Resumable': '1.0.0', Location: '/uploads/1', 'Upload-Offset': '0' };
      response.writeHead(request.method === 'POST' ? 201 : 200, headers).end();
    });
    const many = Array.from({ length: 30 }, (_, index) => {
      const id = `look-${index}`;
      const reads = scenario({ id, does: 'looks', run: async (probe) => ({ asked: await probe.options() }) });
      return aCheck({
        id,
        level: may,
        reads,
        judge: (seen) => void expectAnswer((seen as { asked: never }).asked),
      } as Partial<Check>);
    });
    const sections = many.map((check) => sectionOf(check));
    const { endedEarly, exitCode, results } = await run(new URL(origin), sections, { timeoutMs: 1000 });
    expect(endedEarly).toContain('no longer answers');
    expect(exitCode).not.toBe(0);
    expect(results.filter(({ verdict }) => verdict === 'blocked').length).toBeGreaterThan(5);
    expect(results.filter(({ remark }) => remark === endedEarly).length).toBeGreaterThan(5);
  });
});

it('a usage error comes before the first request', async () => {
  const { origin, received } = await rawServer(() => {});
  await expect(run(new URL(origin), [sectionOf(answered)], { only: ['nothing'] })).rejects.toMatchObject({
    kind: 'usage',
  });
  expect(received()).toBe('');
});
