import { describe, expect, it } from 'vitest';
import { type Check, Violation } from '../../src/verify/check.ts';
import { v1Link } from '../../src/verify/checks/v1-link.ts';
import { shownLink } from '../../src/verify/pairing-link.ts';
import { linkRead } from '../../src/verify/scenarios/v1-link.ts';
import type { Target } from '../../src/verify/target.ts';

const id = '0f8fad5b-d9cb-469f-a165-70867728950e';
const link = (fields: string) => `pulsecam://?${fields}`;
const to = (server: string) => link(`v=1&artifactId=${id}&server=${encodeURIComponent(server)}`);
const good = to('https://vault.example.org/pulse');

const lints = v1Link.checks.filter(({ reads }) => reads === linkRead);
const target = { server: 'https://vault.example.org', protocol: 'pulse-v1' } as Target;

/** The checks that find something, by what follows `v1.link.`. */
function findings(text: string): readonly string[] {
  const seen = { link: shownLink(text) };
  return lints.flatMap((check: Check) => {
    try {
      check.judge(seen, target);
      return [];
    } catch (thrown) {
      const what = thrown instanceof Violation ? '' : ' is blocked';
      return [`${check.id.replace('v1.link.', '')}${what}`];
    }
  });
}

describe('what is wrong with a link', () => {
  it.each<[string, readonly string[]]>([
    [good, []],
    [`${good}&token=abc&uploadUnit=segment`, []],
    [`${good}&uploadUnit=merged&somethingNew=x`, []],
    [good.replace('://', ':'), ['scheme']],
    [good.replace('://?', ':///?'), ['scheme']],
    [good.replace('://?', '://pair?'), ['scheme']],
    [good.replace('pulsecam', 'PULSECAM'), ['scheme']],
    [` ${good}`, ['scheme']],
    [good.replace('pulsecam://', 'https://vault.example.org/pair'), ['scheme']],
    [good.replace('v=1', 'v=2'), ['v']],
    [good.replace('v=1', 'v=01'), ['v']],
    [good.replace('v=1', 'V=1'), ['v']],
    [`${good}&v=1`, ['v']],
    [good.replace(id, `{${id}}`), ['artifact-id']],
    [good.replace(id, id.replaceAll('-', '')), ['artifact-id']],
    [good.replace('artifactId', 'artifactid'), ['artifact-id']],
    [`${good}&token=`, ['token']],
    [`${good}&token=a&token=b`, ['token']],
    [`${good}&token=a+b`, ['token']],
    [`${good}&token=a%2Bb`, []],
    [`${good}&token=a%0D%0Ab`, ['token']],
    [`${good}&uploadUnit=beat`, ['upload-unit']],
    [`${good}&uploadUnit=`, ['upload-unit']],
    [link(`v=1&artifactId=${id}`), ['server-https is blocked']],
    [`${good.slice(0, -1)}%`, ['server-https is blocked']],
    ['', ['scheme', 'v', 'artifact-id', 'server-https is blocked']],
  ])('%s', (text, expected) => {
    expect(findings(text)).toEqual(expected);
  });

  it.each<[string, boolean]>([
    ['https://203.0.113.7', true],
    ['http://localhost:8080', true],
    ['http://127.0.0.1', true],
    ['http://10.255.0.1/vault', true],
    ['http://172.16.0.1', true],
    ['http://172.31.255.255', true],
    ['http://192.168.1.2:8080', true],
    ['http://100.64.0.1', true],
    ['http://100.127.255.254', true],
    ['http://169.254.1.1', true],
    ['http://[fd12:3456::1]', true],
    ['http://[::1]:8080', true],
    ['http://172.32.0.1', false],
    ['http://100.128.0.1', false],
    ['http://100.63.0.1', false],
    ['http://203.0.113.7', false],
    ['http://10.0.0.1.example.com', false],
    ['http://localhost.example.com', false],
    ['http://vault.local', false],
    ['http://vault', false],
    ['http://[2001:db8::1]', false],
    ['ftp://localhost', false],
  ])('server=%s may be in a link: %s', (server, isRight) => {
    expect(findings(to(server))).toEqual(isRight ? [] : ['server-https']);
  });
});

describe('what is shown of a link', () => {
  it.each([
    `${good}&token=s3cret-value`,
    `${good}&token=s3cret-value&token=s3cret-value`,
    `${good}&Token=s3cret-value`,
    `${good}&token=s3cret-value%zz`,
    `${good}&s3cret-value`,
    `${good}&key=s3cret-value`,
    `pulsecam://v=1&artifactId=${id}&token=s3cret-value`,
    'https://user:s3cret-value@vault.example.org/s3cret-value?v=1',
    to('https://user:s3cret-value@vault.example.org/pulse'),
    to('https://vault.example.org/pulse?token=s3cret-value'),
    to('https://vault.example.org/pulse#s3cret-value'),
    's3cret-value',
  ])('no secret of %s', (text) => {
    expect(shownLink(text)).not.toContain('s3cret');
    // Whoever reads it again comes to the same conclusions.
    expect(findings(shownLink(text))).toEqual(findings(text));
  });

  it('everything of a link without a secret', () => {
    expect(shownLink(`${good}&uploadUnit=segment`)).toBe(`${good}&uploadUnit=segment`);
  });
});
