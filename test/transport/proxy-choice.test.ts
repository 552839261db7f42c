import { describe, expect, it } from 'vitest';
import { proxyChoice } from '../../src/transport/proxy-choice.ts';

const chosen = (environment: Record<string, string>, url: string) =>
  proxyChoice(environment)(new URL(url))?.href;

describe('which proxy', () => {
  it.each([
    [
      'that of the scheme',
      { HTTPS_PROXY: 'http://s:1', HTTP_PROXY: 'http://p:2' },
      'https://a.example/',
      'http://s:1/',
    ],
    [
      'that of the scheme',
      { HTTPS_PROXY: 'http://s:1', HTTP_PROXY: 'http://p:2' },
      'http://a.example/',
      'http://p:2/',
    ],
    ['none for the other scheme', { HTTPS_PROXY: 'http://s:1' }, 'http://a.example/', undefined],
    [
      'lower case first',
      { HTTPS_PROXY: 'http://upper:1', https_proxy: 'http://lower:2' },
      'https://a.example/',
      'http://lower:2/',
    ],
    [
      'an empty variable counts as unset',
      { HTTPS_PROXY: 'http://upper:1', https_proxy: '' },
      'https://a.example/',
      'http://upper:1/',
    ],
    [
      'an empty variable counts as unset',
      { https_proxy: '', HTTPS_PROXY: ' ', all_proxy: 'http://all:3' },
      'https://a.example/',
      'http://all:3/',
    ],
    ['none where all are empty', { https_proxy: '', all_proxy: '' }, 'https://a.example/', undefined],
    [
      'ALL_PROXY for what has none of its own',
      { ALL_PROXY: 'http://all:3' },
      'http://a.example/',
      'http://all:3/',
    ],
    [
      'the scheme before ALL_PROXY',
      { all_proxy: 'http://all:3', HTTP_PROXY: 'http://p:2' },
      'http://a.example/',
      'http://p:2/',
    ],
    [
      'a proxy without a scheme',
      { https_proxy: 'proxy.example:3128' },
      'https://a.example/',
      'http://proxy.example:3128/',
    ],
    ['an https proxy', { https_proxy: 'https://p.example' }, 'https://a.example/', 'https://p.example/'],
    [
      'not HTTP_PROXY in a CGI program',
      { HTTP_PROXY: 'http://evil:1', REQUEST_METHOD: 'GET' },
      'http://a.example/',
      undefined,
    ],
    ['never to this machine', { HTTP_PROXY: 'http://p:2' }, 'http://127.0.0.1:8080/', undefined],
    ['never to this machine', { HTTPS_PROXY: 'http://p:2' }, 'https://localhost/', undefined],
    ['never to this machine', { HTTP_PROXY: 'http://p:2' }, 'http://[::1]/', undefined],
  ])('%s', (_, environment, url, expected) => {
    expect(chosen(environment as Record<string, string>, url)).toBe(expected);
  });

  it.each([
    ['*', 'http://a.example/', true],
    ['a.example', 'http://a.example/', true],
    ['a.example', 'http://b.a.example/', true],
    ['.a.example', 'http://b.a.example/', true],
    ['.a.example', 'http://a.example/', true],
    ['*.a.example', 'http://b.a.example/', true],
    ['a.example', 'http://nota.example/', false],
    ['A.Example.', 'http://a.example/', true],
    ['x, a.example,y', 'http://a.example/', true],
    ['x a.example', 'http://a.example/', true],
    ['a.example:8080', 'http://a.example:8080/', true],
    ['a.example:8080', 'http://a.example/', false],
    ['a.example:443', 'https://a.example/', true],
    ['10.1.2.3', 'http://10.1.2.3/', true],
    ['10.0.0.0/8', 'http://10.1.2.3/', true],
    ['10.0.0.0/8', 'http://11.1.2.3/', false],
    ['2.3', 'http://10.1.2.3/', false],
    ['fd00::/8', 'http://[fd12::1]/', true],
    ['[fd12::1]:8080', 'http://[fd12::1]:8080/', true],
    ['fd12::1', 'http://[fd12::1]/', true],
    ['10.0.0.0/99', 'http://10.1.2.3/', false],
    ['', 'http://a.example/', false],
  ])('NO_PROXY=%s and %s: direct is %s', (list, url, isDirect) => {
    const all = { http_proxy: 'http://p:1', https_proxy: 'http://p:1' };
    expect(chosen({ ...all, NO_PROXY: list }, url) === undefined).toBe(isDirect);
    expect(chosen({ ...all, no_proxy: list, NO_PROXY: 'something.else' }, url) === undefined).toBe(isDirect);
  });

  it('refuses what it cannot speak, without showing it', () => {
    const of = (https_proxy: string) => () => chosen({ https_proxy }, 'https://a.example/');
    expect(of('socks5://user:secret@p:1080')).toThrow(
      /^https_proxy is a URL of socks5, expected an http or https proxy$/,
    );
    expect(of('http://user:secret@:')).toThrow(/^https_proxy is no URL/);
  });
});
