import { afterEach, describe, expect, it } from 'vitest';
import { otherIdSpellings, reservedNames } from '../../src/verify/scenarios/identifiers.ts';
import { anExchange, aTarget, verdictOf } from './made-up.ts';
import { httpServer, probeAt, stopAll } from './probes.ts';

afterEach(stopAll);

const target = { ...aTarget, protocol: 'tus', createUrl: 'http://127.0.0.1:1/files/' } as const;
const named = { 'Tus-Resumable': '1.0.0' };

function asked(method: string, path: string, status: number, headers: Record<string, string> = named) {
  const url = new URL(path, target.createUrl).href;
  return anExchange({ status, headers, url }, { method, target: path });
}

const created = asked('POST', '/files/', 201, { ...named, Location: '/files/1/' });

describe('where URLs end with a slash', () => {
  it.each([
    ['the creation', asked('POST', '/files/', 201, { Location: '/files/2/' }), 'fail'],
    ['an upload', asked('HEAD', '/files/1/', 200, {}), 'fail'],
    ['neither', asked('HEAD', '/files/1/', 200), 'pass'],
    ['another spelling of an upload', asked('HEAD', '/files/1', 200, {}), 'pass'],
  ])('the version may be missing in no answer to those: %s', (_, exchange, verdict) => {
    const seen = { exchanges: [created, exchange] };
    expect(verdictOf('core.version.response-header', seen, target)).toBe(verdict);
  });

  it.each([
    ['the creation', asked('POST', '/files/', 301), 'warn'],
    ['an upload', asked('HEAD', '/files/1/', 301), 'warn'],
    ['another spelling', asked('HEAD', '/files/2/', 301), 'pass'],
    ['a slash that is encoded', asked('HEAD', '/files/1%2F', 307), 'pass'],
  ])('none of those is redirected: %s', (_, exchange, verdict) => {
    expect(verdictOf('core.head.no-redirect', { exchanges: [created, exchange] }, target)).toBe(verdict);
  });

  it('the id is what stands before it, and other ids get one too', async () => {
    const heads: string[] = [];
    const origin = await httpServer(({ method, url }, response) => {
      if (method === 'HEAD' || method === 'GET') heads.push(`${url}`);
      const isOwn = url === '/uploads/' || url === '/uploads/850/';
      response.writeHead(method === 'POST' ? 201 : isOwn ? 204 : 404, {
        'Upload-Offset': '7',
        ...(method === 'POST' && { Location: '/uploads/850/' }),
      });
      response.end();
    });
    const { probe } = probeAt(origin, { createUrl: `${origin}/uploads/` });
    await otherIdSpellings.run(probe);
    await reservedNames.run(probe);
    expect(heads).toEqual(
      expect.arrayContaining([
        '/uploads/x%2F..%2F850/',
        '/uploads/.%2F850/',
        '/uploads/850%00/',
        '/uploads/850.json/',
        '/uploads/',
        '/',
        '/uploads/finalize/',
      ]),
    );
  });
});
