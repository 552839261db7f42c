import { expect, test } from 'vitest';
import { boundArtifactOf, expiryMsOf } from '../../src/protocol/claims.ts';

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const signed = (claims: unknown) => `${part({ alg: 'HS256' })}.${part(claims)}.c2lnbmF0dXJl`;

test('a token may say when it ends and what it is bound to, in any of its parts', () => {
  const claims = { artifactId: 'an-id', exp: 1234569690 };
  for (const token of [signed(claims), `${part(claims)}.c2lnbmF0dXJl`, part(claims)]) {
    expect(boundArtifactOf(token)).toBe('an-id');
    expect(expiryMsOf(token)).toBe(1_234_569_690_000);
  }
});

test.each([-1e300, 1e300])('an end that no date can be (%d) is the last that one can', (exp) => {
  expect(new Date(expiryMsOf(signed({ exp })) ?? NaN).getUTCFullYear()).toBe(exp < 0 ? -271_821 : 275_760);
});

test.each([
  'opaque',
  '',
  part(null),
  part(7),
  part([]),
  signed({}),
  signed({ artifactId: 7, exp: 'soon' }),
  signed({ artifactId: '' }),
])('%s says nothing', (token) => {
  expect(boundArtifactOf(token)).toBeUndefined();
  expect(expiryMsOf(token)).toBeUndefined();
});
