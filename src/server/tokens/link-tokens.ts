import { createHmac } from 'node:crypto';
import { claimsOf } from '../../protocol/claims.ts';
import { sameToken } from './token.ts';

/** The tokens of pairing links: good for one artifact and what is related to it, and for an hour (protocol v1, 3 and 5.4). */
export interface LinkTokens {
  readonly mint: (artifactId: string) => string;
  /** The artifact that such a token is for, in lower case; undefined for any other token, and for one that is past. */
  readonly artifactOf: (token: string) => string | undefined;
}

const LIFETIME_S = 3600;

/** Signed with a secret that outlives the server, so that they do too and nothing has to be kept. */
export function linkTokens(secret: string): LinkTokens {
  const signed = (claims: string) =>
    `${claims}.${createHmac('sha256', secret).update(claims).digest('base64url')}`;
  return {
    mint: (artifactId) => {
      const iat = Math.floor(Date.now() / 1000);
      const claims = { artifactId: artifactId.toLowerCase(), iat, exp: iat + LIFETIME_S };
      return signed(Buffer.from(JSON.stringify(claims)).toString('base64url'));
    },
    artifactOf: (token) => {
      const [claims = ''] = token.split('.');
      if (!sameToken(token, signed(claims))) return undefined;
      const { artifactId, exp } = claimsOf(token) ?? {};
      return typeof artifactId === 'string' && Number(exp) * 1000 > Date.now() ? artifactId : undefined;
    },
  };
}
