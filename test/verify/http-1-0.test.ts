import { describe, expect, it } from 'vitest';
import { anExchange, verdictOf } from './made-up.ts';

const said = (status: number, version: '1.0' | '1.1') => {
  const exchange = anExchange({ status });
  return { ...exchange, answer: exchange.answer && { ...exchange.answer, version } };
};
const { answer: _, ...unanswered } = anExchange({ status: 200 });
const silent = { text: '', sizeBytes: 0, peer: 'open' };

describe('Expect: 100-continue', () => {
  it.each([
    ['1.0', 204, 'skip'],
    ['1.0', 500, 'fail'],
    ['1.1', 204, 'fail'],
  ] as const)(
    'is unknown to HTTP/1.0: asked by nobody with %s, answered with %i: %s',
    (version, status, verdict) => {
      const seen = {
        created: said(201, version),
        early: silent,
        waitedMs: 3000,
        exchange: said(status, version),
      };
      expect(verdictOf('http.expect-100.accept', seen)).toBe(verdict);
    },
  );

  it.each([
    ['cwu.post.expect-continue', '1.0', 201, 'skip'],
    ['cwu.post.expect-continue', '1.0', 500, 'warn'],
    ['cwu.post.expect-continue', '1.1', 201, 'warn'],
    ['cwu.post.expect-early-reject', '1.0', 413, 'skip'],
    ['cwu.post.expect-early-reject', '1.0', 201, 'warn'],
    ['cwu.post.expect-early-reject', '1.1', 413, 'warn'],
  ] as const)('at a creation, too: %s, silence and then HTTP/%s %i: %s', (id, version, status, verdict) => {
    const seen = { early: silent, waitedMs: 3000, exchange: said(status, version) };
    expect(verdictOf(id, seen)).toBe(verdict);
  });

  it.each([
    ['1.0', 'silence', said(409, '1.0'), 'skip'],
    ['1.1', 'silence', said(409, '1.1'), 'fail'],
    ['1.0', 'silence', unanswered, 'skip'],
    ['1.0', 'silence', said(204, '1.0'), 'fail'],
    ['1.0', 'an answer', said(409, '1.0'), 'pass'],
    ['1.1', 'an answer', said(409, '1.1'), 'pass'],
    ['1.1', 'an answer', said(204, '1.1'), 'fail'],
    ['1.1', '100 Continue', said(409, '1.1'), 'warn'],
    ['1.1', '100 Continue', said(204, '1.1'), 'fail'],
    ['1.1', '100 Continue', unanswered, 'fail'],
  ] as const)(
    'before a refusal: HTTP/%s, %s without the body, then %o: %s',
    (version, first, exchange, verdict) => {
      const early = first === 'silence' ? silent : { ...silent, text: 'HTTP/1.1 …', sizeBytes: 25 };
      const isBodySent = first !== 'an answer';
      const seen = { created: said(201, version), early, waitedMs: 5000, isBodySent, exchange };
      expect(verdictOf('http.expect-100.reject', seen)).toBe(verdict);
    },
  );
});

describe('Transfer-Encoding', () => {
  it.each([
    ['data.chunked-transfer-encoding', '1.0', 'skip'],
    ['data.chunked-transfer-encoding', '1.1', 'fail'],
    ['http.cl-and-te', '1.0', 'skip'],
    ['http.cl-and-te', '1.1', 'fail'],
    ['http.bad-chunk-size', '1.0', 'skip'],
    ['http.bad-chunk-size', '1.1', 'fail'],
    ['creation.post.chunked-empty', '1.0', 'skip'],
    ['creation.post.chunked-empty', '1.1', 'fail'],
    ['core.patch.exceed-length-chunked', '1.0', 'skip'],
    ['core.patch.exceed-length-chunked', '1.1', 'fail'],
  ] as const)('is unknown to HTTP/1.0: %s where ordinary answers are of %s: %s', (id, version, verdict) => {
    const ordinary = said(201, version);
    // A proxy may answer what is malformed by HTTP/1.0, whatever it speaks.
    const exchange = said(500, '1.0');
    const after = { by: 'head', bytes: 16, exchanges: [ordinary] };
    const trial = { beforeBytes: 0, exchange, after };
    const seen = {
      ...trial,
      created: ordinary,
      patches: [exchange],
      labelled: ordinary,
      chunked: id === 'creation.post.chunked-empty' ? exchange : { trial, sizeBytes: 10 },
    };
    expect(verdictOf(id, seen)).toBe(verdict);
  });
});
