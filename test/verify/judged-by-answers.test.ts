import { describe, expect, it } from 'vitest';
import { coreVersion } from '../../src/verify/checks/core-version.ts';
import { dataDisconnects } from '../../src/verify/checks/data-disconnects.ts';
import { dataOverlaps } from '../../src/verify/checks/data-overlaps.ts';
import { identifiers } from '../../src/verify/checks/identifiers.ts';
import { pulseMultipart } from '../../src/verify/checks/pulse-multipart.ts';
import { terminationChecks } from '../../src/verify/checks/termination.ts';
import { judge } from '../../src/verify/judge.ts';
import { anExchange, aRecording, aTarget } from './made-up.ts';

const sections = [terminationChecks, pulseMultipart, dataDisconnects, dataOverlaps, coreVersion, identifiers];

function verdictOf(id: string, seen: object, target = aTarget): string | undefined {
  const check = sections.flatMap(({ checks }) => checks).find((each) => each.id === id);
  return check && judge(check, aRecording({ outcome: { kind: 'seen', seen } }), target).verdict;
}

describe('an upload that was deleted while a chunk arrived', () => {
  it.each([
    [404, 'pass'],
    [410, 'pass'],
    [423, 'warn'],
    [200, 'fail'],
    [500, 'fail'],
  ])('and answers HEAD with %i afterwards: %s', (status, verdict) => {
    const heads = [anExchange({ status: 404 }), anExchange({ status })];
    expect(verdictOf('termination.during-patch', { deletions: [anExchange({ status: 204 })], heads })).toBe(
      verdict,
    );
  });
});

describe('a form without its closing delimiter', () => {
  const unknown = {
    after: { by: 'empty-patch', bytes: undefined, exchanges: [anExchange({ status: 400 })] },
    content: { expected: { sizeBytes: 10 } },
  };
  it.each([
    [204, 'fail'],
    [400, 'skip'],
  ])('that is answered with %i, where nobody can say what is stored: %s', (status, verdict) => {
    const open = { ...unknown, exchange: anExchange({ status }) };
    expect(verdictOf('pulse.multipart.truncated', { whileCut: unknown, open })).toBe(verdict);
  });
});

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

describe('an upload whose connection broke', () => {
  const right = 'a'.repeat(64);
  const whole = (sha256: string) => ({
    finish: { complete: true, offset: 10, exchanges: [] },
    content: {
      by: 'finalize',
      expected: { sizeBytes: 10, sha256: right, payload: { kind: 'position', seed: 1, sizeBytes: 10 } },
      attempts: [],
      stored: { sizeBytes: 10, sha256 },
    },
  });

  it.each([
    ['empty-patch', right, 'pass'],
    ['empty-patch', 'b'.repeat(64), 'fail'],
    ['head', right, 'fail'],
  ])(
    'and whose offset is unknown by %s is judged by its bytes, where HEAD is missing',
    (by, sha256, verdict) => {
      const after = { by, bytes: undefined, exchanges: [anExchange({ status: 400 })] };
      const cuts = [{ beforeBytes: 4, cut: anExchange({}), sentBytes: 2, after }];
      expect(verdictOf('data.disconnect.fin', { cuts, ...whole(sha256) })).toBe(verdict);
    },
  );

  it.each([
    [423, 'pass'],
    [404, 'warn'],
    [500, 'fail'],
  ])('by a restart may be locked for a while: the first HEAD answers %i', (status, verdict) => {
    const after = {
      by: 'head',
      bytes: 6,
      exchanges: [anExchange({ status: 200, headers: { 'Upload-Offset': '6' } })],
    };
    const seen = { acknowledged: 6, asked: anExchange({ status }), after, ...whole(right) };
    expect(verdictOf('data.restart.between-chunks', seen)).toBe(verdict);
  });
});
