import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedAnswer } from '../../src/transport/answer-head.ts';
import { AnswerParser, EndlessAnswer } from '../../src/transport/answer-parser.ts';

const MAX = 1024 * 1024;

function parse(
  text: string,
  { method = 'GET', sizes = [text.length], ended = false, maxBodyBytes = MAX } = {},
) {
  const bytes = Buffer.from(text, 'latin1');
  const parser = new AnswerParser(method, maxBodyBytes);
  let at = 0;
  for (let piece = 0; at < bytes.length; piece++) {
    const size = Math.max(1, sizes[piece % sizes.length] ?? 1);
    if (parser.push(bytes.subarray(at, at + size))) {
      return { ...parser.answer, rest: parser.rest.toString('latin1') + text.slice(at + size) };
    }
    at += size;
  }
  if (ended && parser.end()) return { ...parser.answer, rest: '' };
  return undefined;
}

const complete: Record<
  string,
  { text: string; method?: string; body: string; rest?: string; ended?: boolean }
> = {
  'a length': { text: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloNEXT', body: 'hello', rest: 'NEXT' },
  'a length stated twice alike': {
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello',
    body: 'hello',
  },
  'a length of zero': { text: 'HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\nX', body: '', rest: 'X' },
  chunks: {
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\nHTTP',
    body: 'abc0123456789',
    rest: 'HTTP',
  },
  'chunks with trailers': {
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\nA: 1\r\nB: 2\r\n\r\n',
    body: 'a',
  },
  'the end of the connection': { text: 'HTTP/1.0 200 OK\r\n\r\nall of it', body: 'all of it', ended: true },
  'HEAD, whatever length it states': {
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nstray',
    method: 'HEAD',
    body: '',
    rest: 'stray',
  },
  '204': { text: 'HTTP/1.1 204 No Content\r\n\r\nstray', body: '', rest: 'stray' },
  '304': { text: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n', body: '' },
  'no reason phrase': { text: 'HTTP/1.1 204\r\n\r\n', body: '' },
  'interim answers first': {
    text: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nA: b\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
    body: '',
  },
};

describe('a complete answer', () => {
  for (const [name, { text, body, method = 'PATCH', rest = '', ended = false }] of Object.entries(complete)) {
    it(`ends right with ${name}, however it is split`, () => {
      for (let first = 1; first <= text.length; first++) {
        const answer = parse(text, { method, ended, sizes: [first, text.length] });
        expect(Buffer.from(answer?.body ?? 'none').toString('latin1'), `split at ${first}`).toBe(body);
        expect(answer?.rest, `split at ${first}`).toBe(rest);
      }
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 40 }), (sizes) => {
          const answer = parse(text, { method, ended, sizes });
          expect(Buffer.from(answer?.body ?? 'none').toString('latin1')).toBe(body);
          expect(answer?.rest).toBe(rest);
        }),
        { numRuns: 50 },
      );
    });

    it(`is not complete while a byte of ${name} is missing`, () => {
      const whole = text.slice(0, text.length - rest.length);
      if (!ended) expect(parse(whole.slice(0, -1), { method })).toBeUndefined();
    });
  }

  it('keeps header lines, their order, spelling and repetition, and strips the blanks around values', () => {
    const answer = parse('HTTP/1.1 204 Fine\r\nX-a:  1 \r\nx-A:2\r\nEmpty:\r\nBytes: \xe9\t\r\n\r\n');
    expect(answer?.headers).toEqual([
      ['X-a', '1'],
      ['x-A', '2'],
      ['Empty', ''],
      ['Bytes', '\xe9'],
    ]);
    expect(answer).toMatchObject({ status: 204, reason: 'Fine', version: '1.1', framing: 'none' });
  });

  it('keeps interim answers and trailers apart from the answer', () => {
    expect(parse(complete['interim answers first']?.text ?? '')?.interim?.map((head) => head.status)).toEqual(
      [100, 102],
    );
    expect(parse(complete['chunks with trailers']?.text ?? '')?.trailers).toEqual([
      ['A', '1'],
      ['B', '2'],
    ]);
  });
});

describe('what is refused as no HTTP', () => {
  const malformed: Record<string, string> = {
    'another protocol': '220 mail.example ESMTP\r\n',
    'another protocol, at its first byte': 'S',
    HTML: '<!doctype html>',
    'HTTP/2 in clear': 'HTTP/2 200\r\n\r\n',
    'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
    'a status below 100': 'HTTP/1.1 099 OK\r\n\r\n',
    'lines that end with LF alone': 'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
    'one line that ends with LF alone': 'HTTP/1.1 200 OK\r\nA: 1\nB: 2\r\n\r\n',
    'a blank before the colon': 'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n',
    'a folded header': 'HTTP/1.1 200 OK\r\nA: 1\r\n 2\r\n\r\n',
    'a header without a name': 'HTTP/1.1 200 OK\r\n: 1\r\n\r\n',
    'a header without a colon': 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n',
    'a control character in a value': 'HTTP/1.1 200 OK\r\nA: \x00\r\n\r\n',
    'a lone CR in a value': 'HTTP/1.1 200 OK\r\nA: x\rB: y\r\n\r\n',
    'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
    'a negative length': 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
    'a length that is no number': 'HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n',
    'length and chunks at once': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    'a chunk size that is no number': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'a chunk longer than its size': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n',
    'a chunk size ended by LF alone': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc',
    'a broken trailer': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n',
  };
  for (const [name, text] of Object.entries(malformed)) {
    it(`${name}, in one piece and byte by byte`, () => {
      expect(() => parse(text)).toThrow(MalformedAnswer);
      expect(() => parse(text, { sizes: [1] })).toThrow(MalformedAnswer);
    });
  }
});

describe('what does not end', () => {
  const line = `X: ${'a'.repeat(1000)}\r\n`;
  const head = 'HTTP/1.1 200 OK\r\n';
  const endless: Record<string, string> = {
    'header lines': head + line.repeat(70),
    'one header line': `${head}X: ${'a'.repeat(70_000)}`,
    'interim answers': 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(40),
    'an announced length': `${head}Content-Length: 9999\r\n\r\n`,
    'a body up to the end of the connection': `${head}\r\n${'a'.repeat(1001)}`,
    chunks: `${head}Transfer-Encoding: chunked\r\n\r\n${'A\r\n0123456789\r\n'.repeat(101)}`,
    'a chunk size': `${head}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(2000)}`,
    trailers: `${head}Transfer-Encoding: chunked\r\n\r\n0\r\n${line.repeat(70)}`,
  };
  for (const [name, text] of Object.entries(endless)) {
    it(`is broken off: ${name}`, () => {
      expect(() => parse(text, { maxBodyBytes: 1000 })).toThrow(EndlessAnswer);
      expect(() => parse(text, { maxBodyBytes: 1000, sizes: [7, 1000] })).toThrow(EndlessAnswer);
    });
  }

  it('takes a body of exactly the allowed length', () => {
    const text = `${head}Content-Length: 1000\r\n\r\n${'a'.repeat(1000)}`;
    expect(parse(text, { maxBodyBytes: 1000 })?.body?.length).toBe(1000);
  });
});

it('answers any bytes with an answer, a refusal, or the wish for more', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'HTTP/1.1 200 OK\r\n',
      'Content-Length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
      '\r\n',
      '3\r\nabc\r\n',
      '0\r\n',
    ),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.integer({ min: 1, max: 20 }), (pieces, size) => {
      try {
        parse(pieces.join(''), { sizes: [size] });
      } catch (error) {
        expect(error instanceof MalformedAnswer || error instanceof EndlessAnswer, String(error)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});
