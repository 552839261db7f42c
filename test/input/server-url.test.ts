import { expect, test } from 'vitest';
import { parseServerUrl } from '../../src/input/server-url.ts';
import { errorOf } from '../cli/usage-errors.ts';

test.each([
  ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/'],
  ['https://videos.example.org/api/', 'https://videos.example.org/api/'],
  ['HTTP://Example.org/Api', 'http://example.org/Api'],
  [' http://[::1]:8080/x ', 'http://[::1]:8080/x'],
])('%s is a server', (text, href) => {
  expect(parseServerUrl(text, '--server').href).toBe(href);
});

test.each([
  [
    'ftp://host',
    'a URL that begins with http:// or https://',
    'write for example https://videos.example.org/api',
  ],
  [
    'file:///etc/passwd',
    'a URL that begins with http:// or https://',
    'write for example https://videos.example.org/api',
  ],
  ['http//host:8080', 'a URL that begins with http:// or https://', 'did you mean http://host:8080?'],
  ['https:/host/api', 'a URL that begins with http:// or https://', 'did you mean https://host/api?'],
  ['http:host', 'a URL that begins with http:// or https://', 'did you mean http://host?'],
  ['localhost:8080', 'a URL that begins with http:// or https://', 'did you mean http://localhost:8080?'],
  [
    'videos.example.org/api',
    'a URL that begins with http:// or https://',
    'did you mean http://videos.example.org/api?',
  ],
  [
    'not a url',
    'a URL that begins with http:// or https://',
    'write for example https://videos.example.org/api',
  ],
  ['http://', 'a URL', 'write for example https://videos.example.org/api'],
  ['http://host:99999', 'a URL', 'write for example https://videos.example.org/api'],
  ['http://host/a?', 'a base URL without query and fragment', 'try http://host/a'],
])('%s is no server', (text, expected, hint) => {
  const error = errorOf(() => parseServerUrl(text, '--server'));
  expect(error.message).toBe(`--server is '${text}', expected ${expected}`);
  expect(error.hint).toBe(hint);
});

test.each([
  'http://user:s3cret@host/',
  'http://s3cret@host/',
  'ftp://u:s3cret@host',
  'u:s3cret@host:80',
  'http:u:s3cret@host?x',
  'host/api?token=s3cret',
  'http//host/api#s3cret',
  'u/s3cret@host',
])('a password in %s is refused and not shown', (text) => {
  const { message, hint } = errorOf(() => parseServerUrl(text, '--server'));
  expect(message + hint).not.toContain('s3cret');
});

test.each([
  ['http://host/a?token=s3cret', 'http://host/a?…'],
  ['http://host/a#s3cret', 'http://host/a#…'],
  ['https://s3cret@host/', 'https://[credentials]@host/'],
  ['https://user:s3cret/with/slashes@host/', 'https://[credentials]@host/'],
  ['user:s3cret@host', 'user://[credentials]@host'],
])('what may be a secret in %s is not shown', (text, shown) => {
  const { message, hint } = errorOf(() => parseServerUrl(text, '--server'));
  expect(message).toContain(`--server is '${shown}', expected`);
  expect(`${message} ${hint}`).not.toContain('s3cret');
});
