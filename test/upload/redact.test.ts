import { describe, expect, it, test } from 'vitest';
import { redactedText } from '../../src/upload/redact.ts';
import { startBench } from './harness.ts';

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

describe('what a server echoes is shown in part', () => {
  const token = 'tok-0123456789abcdefghij';
  it.each([
    ['words', `${'no way '.repeat(21)} ${token} and more`],
    ['JSON without a blank', JSON.stringify({ error: 'x'.repeat(125), seen: token, more: 'x'.repeat(90) })],
    ['nothing but the token at the end', `${'x'.repeat(150)}${token}`],
  ])('and never half a token: %s', async (_, body) => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ answer: 400, body }];
    await bench.upload(await bench.file(10), { token });
    const [{ message } = { message: '' }] = bench.of('upload.failed');
    expect(message).toMatch(/answered 400: .*…$/);
    expect(message).not.toContain(token.slice(0, 4));
  });
});

test.each([
  ['with capitals', 'Kq7ZpSecretTok9X', 'Kq7ZpSecretTok9X.cdn.example', 'kq7zpsecrettok9x'],
  ['of capitals, encoded', 'KQ7ZPSECRETTOK9X', '%4Bq7ZpSecretTok9X.cdn.example', 'kq7zpsecrettok9x'],
  ['that is the number of an address', '3232235777', '3232235777', '192.168.1.1'],
])('a token %s in the host of a redirect is in no event', async (_, token, host, parsed) => {
  const bench = await startBench();
  bench.server.script.POST = [{ answer: 308, headers: { Location: `http://${host}/uploads` } }];
  await bench.upload(await bench.file(10), { token });
  const events = JSON.stringify(bench.events).toLowerCase();
  expect(events).toContain('answered 308 to http://');
  expect(events).not.toContain(parsed);
  expect(events).not.toContain(token.toLowerCase());
});
