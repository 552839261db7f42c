import { describe, expect, it } from 'vitest';
import { redactor, secretHeaders } from '../../src/protocol/redaction.ts';

const redact = redactor([
  { label: '<token>', value: 'tök/en+value=1"' },
  { label: '<other>', value: 'tök/en+value=1"-and-more' },
]);

describe('a secret', () => {
  const value = 'tök/en+value=1"';

  it.each([
    ['as it is', value],
    ['as its bytes read one by one', Buffer.from(value).toString('latin1')],
    ['percent-encoded', encodeURIComponent(value)],
    ['percent-encoded in lower case', encodeURIComponent(value).toLowerCase()],
    ['with what a URL parser drops or reads as a slash', 'tök\\en+va\tlue\n=%2\t2'.replace('=%2', '=1%2')],
    ['in JSON', JSON.stringify({ token: value })],
    ['in JSON that escapes slashes', 'tök\\/en+value=1\\"'],
    ['in JSON that escapes signs by their numbers', 't\\u00F6k/en\\u002Bvalue\\u003d1\\u0022'],
    ['in JSON within JSON', 't\\\\u00f6k/en\\\\u002bvalue=1\\\\\\"'],
    ['in HTML', 'tök/en+value=1&quot;'],
    ['in HTML that escapes signs by their numbers', 't&#246;k/en&#43;value&#061;1&#34;'],
    ['in HTML that does so in hex', 't&#xF6;k/en&#x2b;value&#x3D;1&#x22;'],
    ['in hex', Buffer.from(value).toString('hex')],
    ['in hex of upper case', Buffer.from(value).toString('hex').toUpperCase()],
    ['in base64', Buffer.from(value).toString('base64')],
    ['in base64 for URLs', Buffer.from(value).toString('base64url')],
  ])('is replaced %s', (_how, text) => {
    const shown = redact(`before ${text} after`);
    expect(shown).toMatch(/^before ({"token":")?<token>("})? after$/);
  });

  it.each([
    ['<', '&lt;'],
    ['>', '&gt;'],
    ['&', '&amp;'],
    ["'", '&apos;'],
    ['"', '&quot;'],
  ])('with %s in it is replaced in HTML, which has %s for it', (sign, name) => {
    const hide = redactor([{ label: '<token>', value: `c4mera${sign}T0ken` }]);
    expect(hide(`c4mera${name}T0ken`)).toBe('<token>');
  });

  it('that contains another leaves nothing of itself', () => {
    expect(redact('tök/en+value=1"-and-more')).toBe('<other>');
  });

  it('that is short is replaced only where it stands alone', () => {
    const short = redactor([{ label: '<token>', value: 'ok' }]);
    expect(short('ok')).toBe('<token>');
    expect(short('{"status":"ok"}')).toBe('{"status":"ok"}');
  });

  it('that is empty replaces nothing', () => {
    expect(redactor([{ label: '<token>', value: '' }])('text')).toBe('text');
  });
});

describe('a token that is as long as they come', () => {
  // No two pieces of it are alike.
  const long = (length: number) =>
    Array.from({ length: length / 4 }, (_, n) => n.toString(36).padStart(4, '-')).join('');

  it.each([1_096, 1_100, 2_000, 4_400, 5_000, 8_192, 40_000])('(%i characters) is one secret', (length) => {
    const value = long(length);
    const hide = redactor([{ label: '[token]', value }]);
    const spelled = [
      value,
      encodeURIComponent(value),
      JSON.stringify(value).slice(1, -1),
      value.replaceAll('-', '\\u002D'),
      Buffer.from(value).toString('hex'),
      Buffer.from(value).toString('base64'),
    ];
    for (const text of spelled) expect(hide(`<${text}>`)).toMatch(/^<\[token\]=*>$/);
    expect(hide(`user:${Buffer.from(`user:${value}`).toString('base64')}`).length).toBeLessThan(
      60 + (12 * length) / 999,
    );
  });
});

it('the user’s own headers are secret where their name says so', () => {
  const headers = {
    Authorization: 'Bearer abcdefgh12',
    Cookie: 'sid=0123456789; a=b',
    'X-Env': 'production',
    'X-Api-Key': 'k-123456',
  };
  const hide = redactor(secretHeaders(headers));
  expect(hide('Bearer abcdefgh12')).toBe('<authorization>');
  expect(hide('abcdefgh12 0123456789 k-123456')).toBe('<authorization> <cookie> <x-api-key>');
  expect(hide('production a=b')).toBe('production a=b');
});

describe('a token in a longer text', () => {
  const token = 'c4mera-T0ken/7';
  const hide = redactor([{ label: '<token>', value: token }]);
  const everyByte = Buffer.from(token).toString('hex').replace(/../g, '%$&');

  it.each([
    ['a query', `https://host/uploads/1?token=${encodeURIComponent(token)}&x=1`, '%2F7'],
    [
      'a query, encoded twice',
      `/login?next=${encodeURIComponent(`/u?t=${encodeURIComponent(token)}`)}`,
      '252F7',
    ],
    ['a query, every byte encoded', `/u?t=${everyByte}`, '%54'],
    ['the user name of a URL', `https://${encodeURIComponent(token)}@host/`, 'c4mera'],
  ])('%s', (_, text, part) => {
    expect(text).toContain(part);
    expect(hide(text)).toContain('<token>');
    expect(hide(text)).not.toContain(part);
  });

  it.each([
    ['as it is', token.replace('/', '.')],
    ['up to its slash', token],
    ['percent-encoded', '%634mer%61-%540ken.7'],
    ['in base64', Buffer.from(token).toString('base64url')],
  ])('in a host, whose capitals no URL keeps: %s', (_, spelling) => {
    const ofHost = redactor([token, token.replace('/', '.')].map((value) => ({ label: '<token>', value })));
    const { href } = new URL(`http://${spelling}.cdn.example/files`);
    expect(href).toMatch(/^http:\/\/[^A-Z]+(\/7)?\.cdn\.example\/files$/);
    expect(ofHost(href)).toBe('http://<token>.cdn.example/files');
  });

  it.each(['Moved7', 'Moved77'])('that is short (%s) is no word in other letters', (value) => {
    const short = redactor([{ label: '<token>', value }]);
    expect(short(`${value} ${value.toLowerCase()}`)).toBe(`<token> ${value.toLowerCase()}`);
  });

  it.each(['', 'u', 'us', 'use', 'user:'])('base64 of a text that begins with "%s"', (before) => {
    for (const encoding of ['base64', 'base64url'] as const) {
      const text = Buffer.from(`${before}${token}@@`).toString(encoding);
      const shown = hide(text);
      expect(shown).toContain('<token>');
      // At most the characters that it shares with its neighbours are left.
      expect(shown.replace('<token>', '').length).toBeLessThanOrEqual(text.length - 17);
    }
  });

  it('that is short is replaced in a query, and not inside of words', () => {
    const short = redactor([{ label: '<token>', value: 'abc' }]);
    expect(short('/u?t=abc&x=abcd')).toBe('/u?t=<token>&x=abcd');
  });
});
