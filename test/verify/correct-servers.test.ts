import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startFaultProxy } from '../../fixtures/proxies/fault-proxy.ts';
import { startFewConnectionsFront } from '../../fixtures/proxies/few-connections.ts';
import { asking } from '../../src/server/defects/asking.ts';
import { answering, filtering, status, withHeaders, writing } from '../../src/server/defects/changes.ts';
import { appendLate } from '../../src/server/defects/data-overlaps.ts';
import { expiringSoon } from '../../src/server/defects/expiration.ts';
import { concatenation } from '../../src/server/extensions/concatenation.ts';
import { expiration } from '../../src/server/extensions/expiration.ts';
import { allExtensions, standardExtensions } from '../../src/server/extensions.ts';
import { refusal } from '../../src/server/http/exchange.ts';
import type { Behaviour } from '../../src/server/parts.ts';
import { freshHold } from '../../src/server/store/hold.ts';
import { v1Variations } from '../../src/server/variations/v1.ts';
import {
  keysFor,
  type ReferenceSettings,
  type RunChanges,
  runAgainst,
  startReference,
} from '../proof/run.ts';

/** The verdicts of some checks on a server, by their ids. */
async function verdictsOn(settings: ReferenceSettings, changes: RunChanges, latencyMs = 0) {
  const reference = await startReference(settings);
  onTestFinished(reference.stop);
  const line = latencyMs > 0 ? await startFaultProxy({ target: reference.url.href, latencyMs }) : undefined;
  if (line !== undefined) onTestFinished(line.close);
  const at = line === undefined ? reference : { url: new URL(line.url) };
  const { results } = await runAgainst(at, { ...keysFor(settings), ...changes });
  return Object.fromEntries(results.map(({ id, verdict }) => [id, verdict]));
}

describe('a server that is right in a way of its own', () => {
  it('may remove the canary when its term is past, and not before', async () => {
    const canary = async (afterMs: number) => {
      const behaviour = { extensions: [...standardExtensions, expiration(afterMs)] };
      const only = ['data.canary', 'expiration.gone*'];
      return (await verdictsOn({ protocol: 'tus', behaviour }, { only, maxWaitMs: 20_000 }))['data.canary'];
    };
    // Long enough for the canary to be sent on a busy machine.
    expect(await canary(3000)).toBe('skip');
    expect(await canary(3_600_000)).toBe('pass');
  });

  it.each([1, 2])('may serve %i connections at a time', async (atOnce) => {
    const reference = await startReference({ protocol: 'pulse' });
    onTestFinished(reference.stop);
    const front = await startFewConnectionsFront(reference.url.href, atOnce);
    onTestFinished(front.close);
    const url = new URL(front.url);
    const uploads = ['core.patch.204', 'creation.post.immediately-usable', 'creation.post.burst'];
    const data = ['data.roundtrip.chunked', 'data.interleaved', 'data.concurrent.*', 'data.disconnect.fin'];
    const overlaps = atOnce > 1 ? ['data.disconnect.abandoned-request-late', 'data.head-during-patch.*'] : [];
    const only = [...uploads, ...data, ...overlaps, 'data.canary', 'http.cl-and-te', 'http.keepalive'];
    const { results } = await runAgainst({ url }, { only, rounds: 2, timeoutMs: 5000 });
    expect(results.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
  });

  it.each([423, 503])(
    'may be at work on a lost finalize for a while, and answer %i meanwhile',
    async (status) => {
      const asked = new Map<string, number>();
      const behaviour = asking(({ text, next }) => {
        const times = (asked.get(text) ?? 0) + 1;
        asked.set(text, times);
        return times > 1 && times < 8 ? refusal(status, 'still at work') : next();
      });
      const only = ['pulse.finalize.lost-response'];
      expect(await verdictsOn({ protocol: 'pulse', behaviour }, { only })).toEqual({
        'pulse.finalize.lost-response': 'pass',
      });
    },
  );

  it('may write more JSON than is shown', async () => {
    const behaviour = answering(
      ({ reply }) => typeof reply.body === 'string' && reply.body.startsWith('{'),
      (reply) => ({
        ...reply,
        body: JSON.stringify({ url: 'x'.repeat(5000), ...JSON.parse(String(reply.body)) }),
      }),
    );
    const only = ['pulse.finalize.200', 'data.chunk.exact-1mib'];
    expect(await verdictsOn({ protocol: 'pulse', behaviour }, { only })).toEqual({
      'pulse.finalize.200': 'pass',
      'data.chunk.exact-1mib': 'pass',
    });
  });

  it('may stand behind a front that resolves dot segments, with a page at the root', async () => {
    const behaviour = filtering(async ({ incoming: { url = '/' } }, next) =>
      new URL(url, 'http://host').pathname === '/'
        ? { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<title>Welcome</title>' }
        : next(),
    );
    const only = ['core.version.response-header', 'sec.id.dot'];
    expect(await verdictsOn({ protocol: 'tus', behaviour }, { only })).toEqual({
      'core.version.response-header': 'pass',
      'sec.id.dot': 'pass',
    });
  });

  it.each([
    ['an empty page', { status: 200 }],
    ['a redirect', { status: 308, headers: { Location: 'https://www.example/' } }],
  ])('may stand behind a front that has %s for hosts that it does not know', async (_, reply) => {
    const behaviour = filtering(async ({ request: { headers } }, next) =>
      headers.host?.startsWith('127.0.0.1') ? next() : reply,
    );
    const only = ['core.version.response-header', 'core.head.no-redirect', 'sec.location.host-reflection'];
    const verdicts = await verdictsOn({ protocol: 'tus', behaviour }, { only });
    expect(verdicts).toEqual(Object.fromEntries(only.map((id) => [id, 'pass'])));
  });

  it('may take a moment until an artifact is served', async () => {
    const firstAsked = new Map<string, number>();
    const behaviour = filtering(async (exchange, next) => {
      const reply = await next();
      if (exchange.request.method !== 'GET' || !exchange.request.path.startsWith('/artifacts/')) return reply;
      const seen = firstAsked.get(exchange.request.path) ?? performance.now();
      firstAsked.set(exchange.request.path, seen);
      return performance.now() - seen < 300 ? refusal(404, 'not yet') : reply;
    });
    const ofV1 = ['v1.checksum.absent', 'v1.checksum.match', 'v1.artifact.kind-free-url'];
    // Whether anything can be read back is found out by the first upload of all.
    const only = [...ofV1, 'data.chunk.exact-1mib'];
    const verdicts = await verdictsOn({ protocol: 'pulse-v1', behaviour }, { only });
    expect(verdicts).toEqual(Object.fromEntries(only.map((id) => [id, 'pass'])));
  });

  it('may answer neither HEAD nor an empty chunk', async () => {
    const behaviour = filtering(async ({ request: { method, bodyBytes } }, next) => {
      if (method === 'HEAD') return refusal(404, 'no such route');
      return method === 'PATCH' && bodyBytes === 0 ? refusal(400, 'an empty chunk') : next();
    });
    const only = ['pulse.multipart.mixed', 'pulse.multipart.part-filename', 'data.chunk.exact-multiple'];
    const verdicts = await verdictsOn({ protocol: 'pulse', behaviour }, { only });
    expect(verdicts).toEqual(Object.fromEntries(only.map((id) => [id, 'pass'])));
  });

  it('may look at how a video begins, and remove what is none', async () => {
    const behaviour = v1Variations.find(({ id }) => id === 'v1-looks-at-videos')?.behaviour() ?? {};
    const only = [
      'data.segmented-headers',
      'creation.post.burst',
      'http.keepalive',
      'data.chunk.single-byte-file',
    ];
    const verdicts = await verdictsOn({ protocol: 'pulse-v1', behaviour }, { only });
    expect(verdicts).toEqual({
      ...Object.fromEntries(only.map((id) => [id, 'pass'])),
      'data.chunk.single-byte-file': 'skip',
    });
  });

  it('may write its metadata in another order', async () => {
    const behaviour = answering(
      ({ exchange }) => exchange.request.method === 'HEAD',
      (reply) => ({
        ...reply,
        headers: Object.fromEntries(
          Object.entries(reply.headers ?? {}).map(([name, value]) => [
            name,
            name === 'Upload-Metadata' ? String(value).split(',').reverse().join(',') : value,
          ]),
        ),
      }),
    );
    const only = ['metadata.space-after-comma', 'metadata.oversize', 'metadata.invalid-base64'];
    for (const protocol of ['tus', 'pulse-v1'] as const) {
      const usual = await verdictsOn({ protocol }, { only });
      expect(await verdictsOn({ protocol, behaviour }, { only })).toEqual(usual);
    }
  });

  it('may remove parts once they are joined', async () => {
    const others = allExtensions.filter(({ name }) => name !== 'concatenation');
    const behaviour = { extensions: [...others, concatenation({}, { keptMs: 0, sweepEveryMs: 20 })] };
    const only = ['concat.final.order', 'concat.final.head-concat'];
    expect(await verdictsOn({ protocol: 'tus', behaviour }, { only })).toEqual({
      'concat.final.order': 'pass',
      'concat.final.head-concat': 'pass',
    });
  });

  it.each([429, 503])('may limit requests, and answer %i to those above', async (limited) => {
    let window = { sinceMs: 0, taken: 0 };
    const behaviour = filtering(async (_, next) => {
      const nowMs = performance.now();
      if (nowMs - window.sinceMs > 500) window = { sinceMs: nowMs, taken: 0 };
      if (++window.taken <= 15) return next();
      const headers = limited === 503 ? { 'Retry-After': '1' } : {};
      return { ...refusal(limited, 'too many requests'), headers };
    });
    const only = ['core.patch.204', 'core.head.offset-*', 'creation.post.201', 'data.canary'];
    const verdicts = await verdictsOn({ protocol: 'tus', behaviour }, { only });
    expect(verdicts).toEqual(await verdictsOn({ protocol: 'tus' }, { only }));
  });

  it.each([429, 503])('may put off with %i what a crowd reads back', async (status) => {
    let reading = 0;
    const behaviour = filtering(async ({ request: { method } }, next) => {
      if (method !== 'GET') return next();
      if (reading > 0) return refusal(status, 'too many at a time');
      reading += 1;
      await setTimeout(100);
      return next().finally(() => {
        reading -= 1;
      });
    });
    expect(await verdictsOn({ protocol: 'tus', behaviour }, { only: ['creation.post.burst'] })).toEqual({
      'creation.post.burst': 'note',
    });
  });

  it.each([
    [
      'the page of an app',
      { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<title>App</title>' },
    ],
    ['the way to a login', { status: 302, headers: { Location: '/login' } }],
    ['a refusal', refusal(400, 'no such path')],
  ])('may answer with %s at paths that it does not know', async (_, reply) => {
    const known = /^\/(uploads|health)/;
    const behaviour = filtering(async ({ request: { path } }, next) => (known.test(path) ? next() : reply));
    const verdicts = await verdictsOn({ protocol: 'pulse', behaviour }, { only: ['pulse.extra.qr-*'] });
    expect(verdicts).toEqual({
      'pulse.extra.qr-deeplink': 'skip',
      'pulse.extra.qr-link-shape': 'skip',
      'pulse.extra.qr-verify': 'skip',
    });
  });

  it('may keep what has expired, or hide that it is gone', async () => {
    const recreated = async (settings: Omit<ReferenceSettings, 'protocol'>) =>
      verdictsOn({ protocol: 'pulse-v1', ...settings }, { only: ['app.gone-recreate'] });
    const stays = { behaviour: expiringSoon({ meet: async () => undefined }) };
    const hidden = answering(status(410), () => refusal(403, 'the token is for another artifact'));
    const hides = { guarded: true, bound: true, behaviour: { ...expiringSoon(), ...hidden } };
    const [kept, gone] = await Promise.all([recreated(stays), recreated(hides)]);
    expect(kept).toEqual({ 'app.gone-recreate': 'skip' });
    expect(gone).toEqual({ 'app.gone-recreate': 'pass' });
  });

  it('may take its time for each of many chunks', async () => {
    const behaviour = filtering(async ({ request }, next) => {
      if (request.method === 'PATCH') await setTimeout(15);
      return next();
    });
    const changes = { only: ['core.patch.many-chunks'], scenarioTimeoutMs: 1500 };
    expect(await verdictsOn({ protocol: 'tus', behaviour }, changes)).toEqual({
      'core.patch.many-chunks': 'pass',
    });
  });

  it.each([409, 423])('may store late what came before a cut, and answer %i meanwhile', async (status) => {
    let late: { readonly path: string; readonly untilMs: number } | undefined;
    const behaviour = filtering(async ({ request }, next) => {
      const { method, path, headers } = request;
      const isLate = path === late?.path && performance.now() < late.untilMs;
      if (isLate && method === 'PATCH') return refusal(status, 'still storing');
      if (method === 'PATCH' && headers['content-length'] === '2000')
        late = { path, untilMs: performance.now() + 500 };
      const reply = await next();
      return isLate ? { ...reply, headers: { ...reply.headers, 'Upload-Offset': '0' } } : reply;
    });
    const only = ['v1.checksum.after-resume'];
    expect(await verdictsOn({ protocol: 'pulse-v1', behaviour }, { only })).toEqual({
      'v1.checksum.after-resume': 'pass',
    });
  });

  it('may hold the lock of a chunk that broke off for some seconds, and say so by PATCH alone', async () => {
    const holding = async (status: number) => {
      const untilMs = new Map<string, number>();
      const behaviour = filtering(async ({ request: { method, path }, incoming }, next) => {
        if (method !== 'PATCH') return next();
        if (performance.now() < (untilMs.get(path) ?? 0)) return refusal(status, 'it is locked');
        incoming.once('close', () => {
          if (!incoming.complete) untilMs.set(path, performance.now() + 3500);
        });
        return next();
      });
      return verdictsOn({ protocol: 'pulse', behaviour }, { only: ['pulse.patch.retry-3x1s'] });
    };
    const passed = { 'pulse.patch.retry-3x1s': 'pass' };
    expect(await Promise.all([409, 503].map(holding))).toEqual([passed, passed]);
  });

  it.each([
    ['PATCH', ['PATCH']],
    ['PATCH and HEAD', ['PATCH', 'HEAD']],
  ])(
    'may hold the lock of a malformed chunk for a moment, and answer %s with 503 alone',
    async (_, locked) => {
      const untilMs = new Map<string, number>();
      const behaviour = filtering(async ({ request: { method, path, headers }, incoming }, next) => {
        const isHeld = performance.now() < (untilMs.get(path) ?? 0);
        if (isHeld && locked.includes(method)) return refusal(503, 'it is locked');
        if (method === 'PATCH' && headers['transfer-encoding'] !== undefined) {
          incoming.once('close', () => {
            if (!incoming.complete) untilMs.set(path, performance.now() + 1000);
          });
        }
        return next();
      });
      const only = ['http.bad-chunk-size', 'http.no-5xx'];
      expect(await verdictsOn({ protocol: 'pulse', behaviour }, { only })).toEqual({
        'http.bad-chunk-size': 'pass',
        'http.no-5xx': 'pass',
      });
    },
  );

  it('may take tiny files only', async () => {
    const only = ['data.canary', 'core.patch.204'];
    expect(await verdictsOn({ protocol: 'tus', maxSizeBytes: 4000 }, { only })).toEqual({
      'data.canary': 'skip',
      'core.patch.204': 'pass',
    });
  });

  it('may refuse large files, and say so by 413 alone, and join small ones', async () => {
    const behaviour = {
      extensions: [concatenation()],
      ...filtering(async ({ request: { headers } }, next) =>
        Number(headers['upload-length']) > 200_000 ? refusal(413, 'too large a file') : next(),
      ),
    };
    expect(await verdictsOn({ protocol: 'tus', behaviour }, { only: ['concat.final.order'] })).toEqual({
      'concat.final.order': 'pass',
    });
  });

  it('may take less than 1 MiB at a time, where clients choose the size of their chunks', async () => {
    const behaviour = {
      extensions: allExtensions,
      ...filtering(async ({ request: { method, bodyBytes = 0 } }, next) =>
        ['PATCH', 'POST'].includes(method) && bodyBytes > 100_000
          ? refusal(413, 'the body is too long')
          : next(),
      ),
    };
    const whole = [
      'data.roundtrip.chunked',
      'data.chunk.*',
      'checksum.disconnect',
      'checksum.mismatch.retry',
      'concat.final.order',
      'cwu.post.then-patch',
    ];
    const cut = ['data.disconnect.mid-chunk', 'data.disconnect.offset-matches-bytes'];
    const only = [...whole, ...cut, 'http.body-limit.1mib'];
    const { 'http.body-limit.1mib': said, ...verdicts } = await verdictsOn(
      { protocol: 'tus', behaviour },
      { only },
    );
    expect(said).toBe('warn');
    expect(Object.keys(verdicts).length).toBeGreaterThan(7);
    expect(verdicts).toEqual(Object.fromEntries(Object.keys(verdicts).map((id) => [id, 'pass'])));
  });

  it.each([
    ['behind an earlier 413', ['413', 'reset']],
    ['and only then with 413', ['reset', 'reset', '413']],
  ])('may refuse a chunk as too long by a reset that loses the answer, %s', async (_, ways) => {
    const refused = new Map<string, number>();
    const behaviour = filtering(async ({ request: { method, path, bodyBytes = 0 }, incoming }, next) => {
      if (method !== 'PATCH' || bodyBytes <= 100_000) return next();
      const times = refused.get(path) ?? 0;
      refused.set(path, times + 1);
      if (ways[times % ways.length] === 'reset') incoming.socket.resetAndDestroy();
      return refusal(413, 'the body is too long');
    });
    const only = ['data.roundtrip.chunked', 'data.chunk.*'];
    const verdicts = await verdictsOn({ protocol: 'tus', behaviour }, { only });
    expect(verdicts).toEqual(Object.fromEntries(Object.keys(verdicts).map((id) => [id, 'pass'])));
  });

  it('may keep the beginning of a chunk that a front refuses as too long', async () => {
    const cut = new Set<string>();
    const behaviour = {
      extensions: allExtensions,
      ...writing((writer, id) => {
        let left = 50_000;
        return {
          ...writer,
          write: async (pieces, positionBytes) => {
            if (!cut.has(id)) return writer.write(pieces, positionBytes);
            if (left === 0) throw new Error('the front has gone');
            const first = Buffer.concat(pieces).subarray(0, left);
            left -= first.length;
            return writer.write([first], positionBytes);
          },
        };
      }),
      ...filtering(async ({ request: { method, path, bodyBytes = 0 } }, next) => {
        if (method !== 'PATCH' || bodyBytes <= 100_000) return next();
        const id = path.split('/').at(-1) ?? '';
        cut.add(id);
        await next().catch(() => {});
        cut.delete(id);
        return refusal(413, 'the body is too long');
      }),
    };
    const only = ['data.roundtrip.chunked', 'data.chunk.*', 'concat.final.order'];
    const verdicts = await verdictsOn({ protocol: 'tus', behaviour }, { only });
    expect(verdicts).toEqual(Object.fromEntries(Object.keys(verdicts).map((id) => [id, 'pass'])));
  });

  it('may offer extensions without OPTIONS under pulse, where nobody promises it', async () => {
    const only = ['expiration.advertised', 'cwu.advertised', 'concat.advertised'];
    const extensions = [...allExtensions, expiration(3_600_000)];
    const refused = filtering(async ({ request }, next) =>
      request.method === 'OPTIONS' ? { status: 204, headers: { Allow: 'OPTIONS, POST' } } : next(),
    );
    expect(await verdictsOn({ protocol: 'pulse', behaviour: { extensions, ...refused } }, { only })).toEqual(
      Object.fromEntries(only.map((id) => [id, 'skip'])),
    );
    const unlisted = answering(status(204), (reply, { request }) =>
      request.method === 'OPTIONS' ? withHeaders(reply, { 'Tus-Extension': undefined }) : reply,
    );
    const verdicts = await verdictsOn(
      { protocol: 'pulse', behaviour: { extensions, ...unlisted } },
      { only },
    );
    expect(Object.values(verdicts)).not.toContain('skip');
    expect(verdicts['expiration.advertised']).toBe('fail');
  });

  it('may call a credential without a token malformed', async () => {
    const behaviour = filtering(async (exchange, next) =>
      /^Bearer *$/.test(exchange.request.headers.authorization ?? '') ? refusal(400, 'malformed') : next(),
    );
    const settings = { protocol: 'pulse-v1', guarded: true, behaviour } as const;
    expect(await verdictsOn(settings, { only: ['sec.auth.wrong-token'] })).toEqual({
      'sec.auth.wrong-token': 'pass',
    });
  });
});

/** Checks the offset, takes in the body, and appends it at once: who comes while others are sending is not kept off. */
const lockless: Behaviour = {
  takeHold: async () => freshHold(),
  receive: (job) => appendLate(job, 0),
};

describe('a server that looks at the offset and stores later, without a lock', () => {
  it('is found out over a long line, too', async () => {
    const only = ['data.concurrent.same-offset'];
    const verdicts = await verdictsOn({ protocol: 'pulse', behaviour: lockless }, { only, rounds: 11 }, 40);
    expect(verdicts).toEqual({ 'data.concurrent.same-offset': 'fail' });
  });
});

it('a Location that is no URL is a finding, and no mistake of ours', async () => {
  const only = ['pulse.create.location', 'pulse.create.location.base-path'];
  const verdicts = await verdictsOn({ protocol: 'pulse', behaviour: { locate: () => 'http://[' } }, { only });
  expect(verdicts).toEqual(Object.fromEntries(only.map((id) => [id, 'fail'])));
});
