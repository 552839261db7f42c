import { describe, expect, it } from 'vitest';
import { anExchange, aTarget, verdictOf } from './made-up.ts';

describe('the version in answers', () => {
  const named = { 'Tus-Resumable': '1.0.0' };
  const created = anExchange(
    { status: 201, headers: { ...named, Location: '/uploads/1' }, url: aTarget.createUrl },
    { method: 'POST' },
  );
  it.each([
    ['HEAD', '/uploads/1', 'fail'],
    ['DELETE', '/uploads/1', 'fail'],
    ['POST', '/uploads', 'fail'],
    ['DELETE', '/artifacts/1', 'pass'],
    ['POST', '/qr/verify', 'pass'],
    ['POST', '/uploads/finalize', 'pass'],
  ])('is asked for where uploads are only: %s %s without it: %s', (method, path, verdict) => {
    const url = new URL(path, aTarget.server).href;
    const bare = anExchange({ status: 200, url }, { method, target: path });
    const seen = { exchanges: [created, bare] };
    expect(verdictOf('core.version.response-header', seen, { ...aTarget, protocol: 'tus' })).toBe(verdict);
  });
});

describe('path components in an id', () => {
  const own = anExchange({ status: 200, headers: { 'Upload-Offset': '7' } });
  const none = anExchange({ status: 404 });
  it.each([
    ['that lead to the upload', own, none, 'fail'],
    ['that lead to the upload, where nothing was asked before the id', own, undefined, 'fail'],
    ['that lead to the upload before the id as well', own, own, 'skip'],
    ['that lead nowhere', none, none, 'pass'],
    ['that lead nowhere, and to the upload before the id', none, own, 'pass'],
  ])('%s', (_, exchange, folded, verdict) => {
    const seen = { own, aliases: [{ segment: 'x%2F..%2FID', exchange }], ...(folded && { folded }) };
    expect(verdictOf('sec.id.alias', seen)).toBe(verdict);
  });
});

describe('an ending behind the id', () => {
  const own = anExchange({ status: 200, headers: { 'Upload-Offset': '7' } });
  const none = anExchange({ status: 404 });
  it.each([
    ['ID.json', 200, '7', 'note'],
    ['ID.info', 204, '7', 'note'],
    ['ID.json', 200, '0', 'fail'],
    ['ID.info', 200, undefined, 'fail'],
    ['.info', 200, '7', 'fail'],
    ['ID.json', 404, undefined, 'pass'],
    ['ID.json', 500, '7', 'fail'],
  ])('%s that is answered with %i and offset %s: %s', (segment, status, offset, verdict) => {
    const headers = offset === undefined ? {} : { 'Upload-Offset': offset };
    const neighbours = [
      { segment, exchange: anExchange({ status, headers }) },
      { segment: 'ID.x', exchange: none },
    ];
    const seen = { own, neighbours, dots: [], resolved: [] };
    expect(verdictOf('sec.id.dot', seen)).toBe(verdict);
  });
});

describe('an empty file whose creation', () => {
  const refusesUploads = 'POST answered 500';
  it.each([
    ['data.zero-length', 400, aTarget, 'fail'],
    ['data.zero-length', 500, aTarget, 'fail'],
    ['data.zero-length', undefined, aTarget, 'fail'],
    ['pulse.finalize.empty-file', 400, aTarget, 'fail'],
    ['pulse.finalize.empty-file', 500, aTarget, 'fail'],
    ['data.zero-length', 500, { ...aTarget, refusesUploads }, 'blocked'],
    ['pulse.finalize.empty-file', 500, { ...aTarget, refusesUploads }, 'blocked'],
  ])('(%s) is answered with %i', (id, status, target, verdict) => {
    const created = anExchange(status === undefined ? {} : { status }, { method: 'POST' });
    expect(verdictOf(id, { created }, target)).toBe(verdict);
  });
});
