import { expect, test } from 'vitest';
import { parseHeaders } from '../../src/input/headers.ts';
import { errorOf } from '../cli/usage-errors.ts';

const parse = (...lines: readonly string[]) => parseHeaders(lines, '--header');

test('a header is a name, a colon and a value', () => {
  expect(parse('X-Camera: 7', 'Authorization:Basic YTpi', 'X-Empty:', "X-Odd_~!: a:b, 'c'")).toEqual({
    'X-Camera': '7',
    Authorization: 'Basic YTpi',
    'X-Empty': '',
    'X-Odd_~!': "a:b, 'c'",
  });
});

test('a name given again, in any case, becomes one list', () => {
  expect(parse('X-A: 1', 'x-a: 2')).toEqual({ 'X-A': '1, 2' });
});

test('a name that objects have by nature is a name like any other', () => {
  expect(Object.keys(parse('__proto__: 1', 'constructor: 2'))).toEqual(['__proto__', 'constructor']);
});

test.each([
  ['s3cret', 'holds no colon'],
  [': s3cret', 'has a name that no HTTP header can have'],
  ['X Camera: s3cret', 'has a name that no HTTP header can have'],
  ['Größe: s3cret', 'has a name that no HTTP header can have'],
  ['X-A : s3cret', 'has a name that no HTTP header can have'],
  ['X-A: s3cret\r\nX-B: 1', 'has a value with characters that no header may carry'],
  ['X-A: s3cret\nX-B: 1', 'has a value with characters that no header may carry'],
  ['X-A: s3cret\0', 'has a value with characters that no header may carry'],
  ['X-A: s3cret Größe', 'has a value with characters that no header may carry'],
])('%j is refused, and its value not shown', (line, fact) => {
  const { message, hint } = errorOf(() => parse(line));
  expect(message).toContain(fact);
  expect(message + hint).not.toContain('s3cret');
});

test.each([
  'Upload-Offset',
  'upload-length',
  'Upload-Metadata',
  'Content-Length',
  'CONTENT-TYPE',
  'Transfer-Encoding',
  'Host',
  'Tus-Resumable',
  'Connection',
  'Expect',
])('%s belongs to the protocol', (name) => {
  const { message } = errorOf(() => parse(`${name}: 1`));
  expect(message).toBe(
    `--header '${name}' is a header that the upload protocol itself sets, expected any other`,
  );
});
