import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseToken, readTokenFile } from '../../src/input/token.ts';
import { errorOf } from '../cli/usage-errors.ts';

const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-token-'));
afterAll(() => rmSync(dir, { recursive: true }));

function tokenFile(content: string | Uint8Array): string {
  const path = join(dir, 'token');
  writeFileSync(path, content);
  return path;
}

test('a token is visible ASCII', () => {
  expect(parseToken('s3cret.-_~/+=', '--token')).toBe('s3cret.-_~/+=');
  expect(parseToken('two words', '--token')).toBe('two words');
});

test.each(['s3cret\n', ' s3cret', 's3cret ', 's3cr\tet', 's3crét', 's3cret\0', 's3\r\nX-Evil: 1'])(
  '%j is no token, and is not shown',
  (token) => {
    const { message, hint } = errorOf(() => parseToken(token, '--token'));
    expect(message).toContain('--token holds characters that no HTTP header may carry');
    expect(message + hint).not.toMatch(/s3|Evil/);
  },
);

test('a text that is longer than any token is none, and is not shown', () => {
  expect(parseToken('t'.repeat(8192), '--token')).toHaveLength(8192);
  expect(() => parseToken('t'.repeat(8193), '--token')).toThrow(
    /^--token holds more than 8192 bytes, expected a token$/,
  );
});

test('a pairing link is no token, and is not shown', () => {
  const link = 'pulsecam://?v=1&artifactId=x&token=s3cret';
  const { message, hint } = errorOf(() => parseToken(link, '--token'));
  expect(message).toBe('--token holds a pairing link, expected a token');
  expect(hint).toContain('--pairing-link');
});

test('the trailing line break of a token file is no part of the token', () => {
  expect(readTokenFile(tokenFile('s3cret\n'), '--token-file')).toBe('s3cret');
  expect(readTokenFile(tokenFile('s3cret\r\n'), '--token-file')).toBe('s3cret');
  expect(readTokenFile(tokenFile('s3cret'), '--token-file')).toBe('s3cret');
});

test.each([
  ['', 'holds no token'],
  ['\n', 'holds no token'],
  ['s3cret\ns3cret\n', 'holds characters that no HTTP header may carry'],
  ['s'.repeat(9000), 'holds more than 8192 bytes'],
])('a token file with %j is an error that shows no content', (content, fact) => {
  const { message } = errorOf(() => readTokenFile(tokenFile(content), '--token-file'), 'input');
  expect(message).toContain(`--token-file ${join(dir, 'token')} ${fact}`);
  expect(message).not.toContain('s3cret');
});

test('a token file that is missing, or a folder, is named', () => {
  const missing = join(dir, 'missing');
  expect(errorOf(() => readTokenFile(missing, '--token-file'), 'input').message).toBe(
    `--token-file ${missing} does not exist`,
  );
  expect(errorOf(() => readTokenFile(dir, '--token-file'), 'input').message).toContain(dir);
});
