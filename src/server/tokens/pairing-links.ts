import { randomUUID } from 'node:crypto';
import { dialects } from '../dialects/index.ts';
import type { RunningServer, ServerSettings } from '../server.ts';
import { type LinkTokens, linkTokens } from './link-tokens.ts';

/** Absent where there are no pairing links, or no token is asked for. */
export function linkTokensOf({ protocol, token, boundTokens = [] }: ServerSettings): LinkTokens | undefined {
  const secrets = [...(token === undefined ? [] : [token]), ...boundTokens.map((bound) => bound.token)];
  if (dialects[protocol].link === undefined || secrets.length === 0) return undefined;
  return linkTokens(JSON.stringify(secrets));
}

/** Makes a pairing link for an artifact that nobody has, each time; absent where the protocol has no links. */
export function pairingLinks(
  url: string,
  { protocol, token, behaviour }: ServerSettings,
  tokens: LinkTokens | undefined,
): RunningServer['pairingLink'] {
  const { link } = dialects[protocol];
  if (link === undefined) return undefined;
  return () => {
    const artifactId = randomUUID();
    const right = link(url, artifactId, tokens?.mint(artifactId));
    return behaviour?.handOut?.(right, token) ?? right;
  };
}
