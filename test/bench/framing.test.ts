import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frameRequests, parseHead } from '../../bench/sink/framing.mjs';

/** What the framer makes of these bytes when they arrive in these pieces. */
function framed(pieces: readonly Buffer[]) {
  const requests: string[] = [];
  let payloadBytes = 0;
  const feed = frameRequests({
    onPayload: (bytes) => {
      payloadBytes += bytes;
    },
    onRequest: ({ method, path, body, bodyBytes }) =>
      requests.push(`${method} ${path} ${bodyBytes} ${body.toString('utf8')}`),
  });
  for (const piece of pieces) feed(piece);
  return { requests, payloadBytes };
}

const conversation = Buffer.from(
  [
    'POST /uploads HTTP/1.1\r\nUpload-Length: 9\r\nContent-Length: 0\r\n\r\n',
    'PATCH /uploads/1 HTTP/1.1\r\ncontent-length:9\r\n\r\n',
    'a\r\n\r\nbcde',
    'HEAD /uploads/1 HTTP/1.1\r\n\r\n',
    'POST /uploads/finalize HTTP/1.1\r\nContent-Length: 4\r\n\r\n"é"',
  ].join(''),
);

const expected = {
  requests: ['POST /uploads 0 ', 'PATCH /uploads/1 9 ', 'HEAD /uploads/1 0 ', 'POST /uploads/finalize 4 "é"'],
  payloadBytes: 9,
};

test('several requests in one piece are told apart', () => {
  expect(framed([conversation])).toEqual(expected);
});

test('wherever the bytes are cut, the requests are the same', () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: conversation.length - 1 }));
  fc.assert(
    fc.property(cuts, (positions) => {
      const sorted = [0, ...positions.toSorted((a, b) => a - b), conversation.length];
      const pieces = sorted.slice(1).map((end, index) => conversation.subarray(sorted[index], end));
      expect(framed(pieces)).toEqual(expected);
    }),
  );
});

test('the payload of a request that never completes is counted, and the request is not reported', () => {
  const cut = Buffer.from('PATCH /uploads/1 HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc');
  expect(framed([cut])).toEqual({ requests: [], payloadBytes: 3 });
});

test('header names are read without regard to case', () => {
  expect(parseHead('PATCH / HTTP/1.1\r\nUPLOAD-Offset:  7 ').headers.get('upload-offset')).toBe('7');
});

test.each([
  ['a body of unknown length', 'PATCH / HTTP/1.1\r\nTransfer-Encoding: chunked'],
  ['a length that is no number', 'PATCH / HTTP/1.1\r\nContent-Length: many'],
  ['a negative length', 'PATCH / HTTP/1.1\r\nContent-Length: -1'],
  ['another version', 'PATCH / HTTP/1.0'],
])('%s is refused aloud, since it cannot be counted', (_, head) => {
  expect(() => parseHead(head)).toThrow();
});

test('a head that does not end is refused', () => {
  expect(() => framed([Buffer.alloc(17 * 1024, 'a')])).toThrow('too long');
});
