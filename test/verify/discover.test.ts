import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { startFewConnectionsFront } from '../../fixtures/proxies/few-connections.ts';
import type { Filter } from '../../src/server/parts.ts';
import { uploadVariations } from '../../src/server/variations/uploads.ts';
import { discover } from '../../src/verify/discovery/discover.ts';
import type { Access } from '../../src/verify/probe/requests.ts';
import type { ReferenceSettings } from '../proof/run.ts';
import { keysFor, startReference, TOKEN } from '../proof/run.ts';
import { httpServer, settingsOf, stopAll } from './probes.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0)) await undo();
  await stopAll();
});

async function found(settings: ReferenceSettings, access: Partial<Access> = {}) {
  const { url, stop } = await startReference(settings);
  cleanup.push(stop);
  return targetOf(url, access);
}

async function targetOf(
  server: URL,
  access: Partial<Access> = {},
  protocol: 'auto' | 'pulse' | 'tus' = 'auto',
) {
  const signal = new AbortController().signal;
  const { target } = await discover(
    { server, protocol, signal, jobs: 4 },
    settingsOf(server.origin, { timeoutMs: 2000, ...access }),
  );
  return target;
}

describe('what is found out before the first scenario', () => {
  it('about the pulse reference server', async () => {
    const target = await found({ protocol: 'pulse', maxSizeBytes: 1_000_000 });
    expect(target).toMatchObject({
      protocol: 'pulse',
      createUrl: `${target.server}/uploads`,
      finalizeUrl: `${target.server}/uploads/finalize`,
      aliveUrl: `${target.server}/health`,
      extensions: ['creation', 'creation-with-upload', 'termination'],
      maxSize: '1000000',
      multipart: true,
      oracle: 'finalize',
    });
    expect(target.headless).toBeUndefined();
    expect(target.guarded).toBeUndefined();
    expect(target.assumptions[0]).toBe('pulse, because /health answered OK');
  });

  it('about tokens: whether the first is good for what the second creates', async () => {
    const keys = keysFor({ guarded: true, bound: true });
    const told = async (settings: Partial<ReferenceSettings>, access: Partial<Access>) =>
      found({ protocol: 'pulse-v1', guarded: true, ...settings }, access);
    expect(await told({ bound: true }, keys)).toMatchObject({
      guarded: 'creation',
      bound: true,
      hidesGone: true,
    });
    const one = await told({ bound: true }, { ...keys, tokens: { owner: TOKEN } });
    expect(one).toMatchObject({ guarded: 'creation', hidesGone: true });
    expect(one.bound).toBeUndefined();
    const { tokens } = keys;
    const strangeToServer = await told({}, { tokens });
    expect(strangeToServer.bound).toBeUndefined();
    expect(strangeToServer.unbound).toContain('the second token creates nothing: 403');
    const same = await told({}, { tokens: { owner: TOKEN, stranger: TOKEN } });
    expect(same.unbound).toBe('the first token is good for what the second one creates, too');
    const unnamed = await told({ bound: true }, { tokens: { owner: TOKEN } });
    expect(unnamed.advice).toContain('--artifact <uuid>');
  });

  it('about the tus reference server', async () => {
    const target = await found({ protocol: 'tus' });
    expect(target).toMatchObject({ protocol: 'tus', download: true, oracle: 'get' });
    expect(target.createUrl).toBe(target.server);
    expect(target.finalizeUrl).toBeUndefined();
    expect(target.assumptions[0]).toBe('tus, because OPTIONS answered Tus-Version 1.0.0');
  });

  it('about a server that asks for a token', async () => {
    expect(await found({ protocol: 'pulse', guarded: true }, { tokens: { owner: TOKEN } })).toMatchObject({
      guarded: 'creation',
    });
    const shut = await found({ protocol: 'pulse', guarded: true });
    expect(shut.guarded).toBeUndefined();
    expect(shut.assumptions.join()).toContain('POST answered 401');
  });

  it('about a server that asks for a token at finalize', async () => {
    const behaviour = uploadVariations.find(({ id }) => id === 'guarded-at-finalize')?.behaviour() ?? {};
    const told = (access: Partial<Access>) => found({ protocol: 'pulse', guarded: true, behaviour }, access);
    const open = await told({ tokens: { owner: TOKEN } });
    expect(open.guarded).toBe('finalize');
    expect(open.refusesFinalize).toBeUndefined();
    const shut = await told({});
    expect(shut.refusesFinalize).toBe('401 Unauthorized');
    expect(shut.advice).toContain('asks for a credential');
    expect(shut.assumptions.at(-1)).toBe('content not verified: finalize answered 401 Unauthorized');
    expect((await told({ tokens: { owner: 'another' } })).advice).toContain('does not take this token');
  });

  it.each([
    [1, 0, 'one connection', 'connection'],
    [2, 0, '2 connections', 'connection'],
    [1, 1100, 'one connection', 'connection'],
    [2, 0, '2 connections', 'request'],
    [2, 600, '2 connections', 'request'],
    [20, 0, undefined, 'connection'],
    [20, 300, undefined, 'request'],
  ] as const)(
    'about a server that serves %i connections at a time, each answer after %i ms: %s, from the %s on',
    async (atOnce, latencyMs, words, threadFrom) => {
      const filter: Filter = async ({ request }, next) => {
        if (request.path === '/health') await setTimeout(latencyMs);
        return next();
      };
      const reference = await startReference({ protocol: 'pulse', behaviour: { filter } });
      cleanup.push(reference.stop);
      const front = await startFewConnectionsFront(reference.url.href, atOnce, threadFrom);
      cleanup.push(front.close);
      const { servesAtOnce, assumptions } = await targetOf(new URL(front.url));
      expect(servesAtOnce).toBe(words && atOnce);
      if (words !== undefined) expect(assumptions.join()).toContain(`serves ${words} at a time`);
    },
  );

  it('about a slow server that answers one after another, over however many connections', async () => {
    let turn = Promise.resolve();
    const filter: Filter = ({ request }, next) => {
      if (request.path === '/health') turn = turn.then(() => setTimeout(200));
      return turn.then(() => next());
    };
    const target = await found({ protocol: 'pulse', behaviour: { filter } });
    expect(target.servesAtOnce).toBeUndefined();
  });

  it('about a server without HEAD', async () => {
    const target = await found({
      protocol: 'pulse',
      behaviour: {
        filter: async ({ request }, next) => (request.method === 'HEAD' ? { status: 404 } : next()),
      },
    });
    expect(target.headless).toContain('answered 404');
  });

  const refusing = (status: number, isRefused: (nth: number) => boolean) => {
    let patches = 0;
    return found({
      protocol: 'pulse',
      behaviour: {
        filter: async ({ request }, next) =>
          request.method === 'PATCH' && isRefused(++patches) ? { status } : next(),
      },
    });
  };

  it('about a server that takes no chunk', async () => {
    const target = await refusing(500, () => true);
    expect(target.refusesChunks).toBe('500 Internal Server Error');
    expect(target.assumptions).toContain('no chunk is taken: PATCH answered 500 Internal Server Error');
    expect(target.advice).toContain('core.patch.204');
    const unasked = await refusing(401, () => true);
    expect(unasked.advice).toContain('asks for a credential');
  });

  it('about an upload that is not where Location says: that is no refusal of its chunks', async () => {
    const filter: Filter = async ({ request }, next) =>
      request.method === 'HEAD' || request.method === 'PATCH' ? { status: 404 } : next();
    const target = await found({ protocol: 'pulse', behaviour: { filter } });
    expect(target.headless).toContain('answered 404');
    expect(target.refusesChunks).toBeUndefined();
  });

  it('about a chunk that was refused by chance', async () => {
    const target = await refusing(500, (nth) => nth === 1);
    expect(target.refusesChunks).toBeUndefined();
    expect(target.advice).toBeUndefined();
  });

  it('about a HEAD that fails for another reason: it is there', async () => {
    const target = await found({
      protocol: 'pulse',
      behaviour: {
        filter: async ({ request }, next) => (request.method === 'HEAD' ? { status: 500 } : next()),
      },
    });
    expect(target.headless).toBeUndefined();
  });

  it.each([
    ['pulse', 'uploads'],
    ['pulse-v1', 'upload'],
  ] as const)('that the creation URL of a server of protocol %s was named', async (protocol, segment) => {
    const { url, stop } = await startReference({ protocol });
    cleanup.push(stop);
    const named = new URL(segment, url);
    await expect(targetOf(named)).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining(`${named.href} is where`),
      hint: expect.stringContaining(`name ${url.origin};`),
    });
    expect((await targetOf(named, {}, 'tus')).protocol).toBe('tus');
  });

  it('about a server behind a proxy that strips a prefix', async () => {
    const origin = await httpServer((request, response) => {
      const path = (request.url ?? '').replace(/^\/api/, '');
      const isBelow = request.url?.startsWith('/api/');
      if (!isBelow) return void response.writeHead(404).end();
      if (path === '/health') return void response.end('{"status":"OK"}');
      const headers = { Location: '/uploads/1', 'Upload-Offset': '0' };
      response.writeHead(request.method === 'POST' ? 201 : 200, headers).end();
    });
    const target = await targetOf(new URL(`${origin}/api`));
    expect(target).toMatchObject({ prefixed: true, createUrl: `${origin}/api/uploads` });
    expect(target.headless).toBeUndefined();
  });

  it.each([
    ['pulse', '/', 'https://cam.example/uploads', 'it redirects to https://cam.example: name that'],
    [
      'tus',
      '/files',
      'https://me:s3cret@cam.example/files/?key=s3cret',
      /^it .* https:\/\/cam.example\/files\/: /,
    ],
    ['tus', '/files/', '/files', /^it redirects to http:\/\/127\.0\.0\.1:\d+\/files: name that$/],
    ['pulse', '/', '/login?next=s3cret', /^check the URL: pulse wants /],
    ['pulse', '/', '/uploads/', /^check the URL: pulse wants /],
    ['tus', '/files', 'mailto:me@cam.example', /^check the URL: plain tus wants /],
  ] as const)('that a URL only redirects (%s at %s to %s)', async (protocol, path, location, advice) => {
    const origin = await httpServer(
      (_request, response) => void response.writeHead(301, { Location: location }).end(),
    );
    const target = await targetOf(new URL(path, origin), {}, protocol);
    expect(target.elsewhere).toMatch(/^this URL does not create uploads: POST http:.* answered 301 /);
    expect(target.advice).toMatch(advice);
    expect(JSON.stringify(target)).not.toContain('s3cret');
  });

  /** As a front end or a stub does: what is not there is answered like what is. */
  const answeringAll = async (always: string, health = always) => {
    const filter: Filter = async ({ request }, next) => {
      if (request.path.startsWith('/uploads')) return next();
      const body = request.path === '/health' ? health : always;
      return { status: 200, headers: { 'Content-Type': 'application/json' }, body };
    };
    const { url, stop } = await startReference({ protocol: 'pulse', behaviour: { filter } });
    cleanup.push(stop);
    return url.origin;
  };

  it.each(['/health', '/health/deeper', '/healthy/x/y'])(
    'that %s is not where uploads are created, of a server that answers everything with 200',
    async (path) => {
      const origin = await answeringAll('{"hello":"world"}', '{"status":"OK"}');
      const target = await targetOf(new URL(path, origin));
      expect(target.elsewhere).toBe(
        `this URL does not create uploads: POST ${origin}${path}/uploads answered 200 OK, as to a path that is made up`,
      );
      expect(target.advice).toBe(`above it, /health answered OK: name ${origin}`);
      expect((await targetOf(new URL(origin))).elsewhere).toBeUndefined();
    },
  );

  it('that a sign which every path shows is none', async () => {
    const origin = await answeringAll('{"status":"OK"}');
    const target = await targetOf(new URL('/health', origin));
    expect(target.elsewhere).toContain('as to a path that is made up');
    expect(target.advice).toMatch(
      /^check the URL: pulse wants .*; if it is right, POST has yet to create uploads there$/,
    );
    expect((await targetOf(new URL(origin))).elsewhere).toBeUndefined();
  });

  it('that uploads are not created where POST answers 200 of its own: that is a server half built', async () => {
    const origin = await httpServer((request, response) => {
      const isHere = request.url === '/health' || request.url === '/uploads';
      response.writeHead(isHere ? 200 : 404).end('{"status":"OK"}');
    });
    const target = await targetOf(new URL(origin));
    expect(target.elsewhere).toBeUndefined();
    expect(target.refusesUploads).toBe('the answer to POST has no Location');
  });

  it('which URL above the named one is meant', async () => {
    const { url, stop } = await startReference({ protocol: 'tus' });
    cleanup.push(stop);
    const target = await targetOf(new URL(`${url.href}/a/b`));
    expect(target.advice).toBe(`above it, OPTIONS answered Tus-Version 1.0.0: name ${url.href}`);
  });

  it('about a server that says nothing of itself, or what the user said', async () => {
    const origin = await httpServer((_request, response) => void response.writeHead(404).end());
    expect(await targetOf(new URL(origin))).toMatchObject({ protocol: 'pulse' });
    expect(await targetOf(new URL(origin), {}, 'tus')).toMatchObject({
      protocol: 'tus',
      assumptions: expect.arrayContaining(['tus, as you said']),
    });
    expect((await targetOf(new URL(origin), {}, 'tus')).oracle).toBeUndefined();
  });
});
