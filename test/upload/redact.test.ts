import { expect, test } from 'vitest';
import { redactedText } from '../../src/upload/redact.ts';

const token = 'a+b/c=d e~é';

test.each([
  ['as it is', token],
  ['percent-encoded', encodeURIComponent(token)],
  ['as a URL would have it', encodeURI(token)],
  ['with small hex digits', encodeURIComponent(token).toLowerCase()],
  ['encoded in part', 'a%2Bb/c=d%20e~%C3%A9'],
  ['encoded throughout', Array.from(Buffer.from(token), (byte) => `%${byte.toString(16)}`).join('')],
])('a token is hidden %s', (_, spelling) => {
  expect(redactedText(`<${spelling}>`, new Set([token]))).toBe('<[token]>');
});

test('of two tokens the longer one is looked for first, and nothing else is touched', () => {
  expect(redactedText('s3cret-long s3cret S3CRET', new Set(['s3cret', 's3cret-long']))).toBe(
    '[token] [token] S3CRET',
  );
});
