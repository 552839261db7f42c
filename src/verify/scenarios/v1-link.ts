import { claimsOf } from '../../protocol/claims.ts';
import { encodeMetadata } from '../../protocol/headers.ts';
import { below } from '../../protocol/urls.ts';
import { isSuccess } from '../answers.ts';
import { Blocked, Skip } from '../check.ts';
import { fieldOf, linkParts, serverIn, shownLink, tokensIn } from '../pairing-link.ts';
import type { Probe } from '../probe/probe.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';

/** The link that an operator hands out: read, and tried where it leads to the server that is tested. */

const given = ({ link }: Probe): string => {
  if (link === undefined) throw new Skip('needs --link');
  return link;
};

export const linkRead = scenario({
  id: 'v1-link',
  does: 'reads the pairing link, and sends nothing',
  needs: ['link'],
  needsNoUpload: true,
  run: async (probe) => ({ link: shownLink(given(probe)) }),
});

export interface SeenServer {
  readonly link: string;
  /** The server that was named on the command line. */
  readonly named: string;
  /** Absent where the link names no server that could be asked, or one of another origin. */
  readonly capabilities?: Exchange;
}

export const linkServerAsked = scenario({
  id: 'v1-link-server',
  does: 'asks the server of the pairing link for its capabilities, without a credential, if it is of the same origin',
  needs: ['link'],
  needsNoUpload: true,
  run: async (probe): Promise<SeenServer> => {
    const link = given(probe);
    const server = serverIn(linkParts(link));
    const seen = { link: shownLink(link), named: probe.target.server };
    if (server === undefined || !isTested(server, probe)) return seen;
    const url = below(server, 'capabilities').href;
    return { ...seen, capabilities: await probe.request('GET', url, { as: 'nobody' }) };
  },
});

export interface SeenToken {
  readonly link: string;
  /** What the token says of itself: `exp` and `iat` in seconds. */
  readonly claims?: { readonly artifactId?: string; readonly iat?: number; readonly exp?: number };
  /** A creation without any credential. */
  readonly open: Exchange;
  /** HEAD of the upload that the link is for: it is not there, but the token is good for it. */
  readonly own: Exchange;
  /** A creation of an artifact that the link says nothing of. */
  readonly other: Exchange;
}

export const linkTokenTried = scenario({
  id: 'v1-link-token',
  does: "creates an artifact that the link does not name with the link's token, and removes it",
  needs: ['link'],
  needsNoUpload: true,
  run: async (probe): Promise<SeenToken> => {
    const link = given(probe);
    const token = tokenOf(probe);
    if (token === undefined) throw new Skip('the link holds no token');
    const open = await probe.post(10, { as: 'nobody' });
    if (isSuccess(open)) throw new Skip('the server asks for no credential');
    const claims = readClaims(token);
    const id = fieldOf(linkParts(link), 'artifactId') ?? '';
    const own = await probe.head(`${probe.target.createUrl}/${encodeURIComponent(id)}`, { as: 'link' });
    const other = await probe.post(10, { as: 'link' });
    if (isSuccess(other)) await probe.remove(probe.uploadOf(other, 10), { as: 'link' });
    return { link: shownLink(link), ...(claims && { claims }), open, own, other };
  },
});

export const linkArtifactCreated = scenario({
  id: 'v1-link-artifact',
  does: 'creates the artifact of the pairing link, as an app does first, and removes it',
  needs: ['link', 'intrusive'],
  needsNoUpload: true,
  run: async (probe) => {
    const link = given(probe);
    const parts = linkParts(link);
    const artifactId = fieldOf(parts, 'artifactId') ?? '';
    if (artifactId === '') throw new Blocked('the link names no artifact');
    refuseElsewhere(probe);
    const as = tokenOf(probe) === undefined ? 'owner' : 'link';
    const headers = { 'Upload-Metadata': encodeMetadata({ artifactId, filename: probe.fileName() }) };
    const created = await probe.post(10, { as, headers });
    if (isSuccess(created)) await probe.remove(probe.uploadOf(created, 10), { as });
    return { link: shownLink(link), created };
  },
});

/** The token of a link that leads here; undefined where it has none. The probe has no other (`usableToken`). */
function tokenOf(probe: Probe): string | undefined {
  if (tokensIn(given(probe)).length === 0) return undefined;
  refuseElsewhere(probe);
  const { link: token } = probe.tokens;
  if (token === undefined) throw new Blocked('no header can carry the token of the link');
  return token;
}

function refuseElsewhere(probe: Probe): void {
  const server = serverIn(linkParts(given(probe)));
  if (server === undefined) throw new Blocked('the link names no server that could be asked');
  if (!isTested(server, probe)) throw new Skip(`the link is for ${server.origin}: nothing is sent there`);
}

function isTested(server: URL, { target }: Probe): boolean {
  return server.origin === new URL(target.server).origin;
}

function readClaims(token: string): SeenToken['claims'] {
  const { artifactId, iat, exp } = claimsOf(token) ?? {};
  const claims = {
    ...(typeof artifactId === 'string' && { artifactId }),
    ...(typeof iat === 'number' && { iat }),
    ...(typeof exp === 'number' && { exp }),
  };
  return Object.keys(claims).length === 0 ? undefined : claims;
}
