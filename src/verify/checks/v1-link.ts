import { isPrivateAddress } from '../../protocol/hosts.ts';
import { isUuid } from '../../protocol/uuid.ts';
import { headerOf, isSuccess, outcomeOf } from '../answers.ts';
import { Blocked, type Check, check, type Section, Skip, Violation } from '../check.ts';
import { expectStatus } from '../expect.ts';
import { v1May, v1Must, v1Should } from '../levels.ts';
import {
  fieldOf,
  fieldValues,
  HIDDEN_AND_UNUSABLE,
  type LinkParts,
  linkParts,
  serverIn,
} from '../pairing-link.ts';
import {
  linkArtifactCreated,
  linkRead,
  linkServerAsked,
  linkTokenTried,
  type SeenToken,
} from '../scenarios/v1-link.ts';
import { pulseV1 } from '../sources.ts';

/** Section 22: the link that an operator hands out, read to the letter and tried. */

const pairing = pulseV1('3. Pairing (deep link)');
const refused = 'the app refuses the link, and nobody can upload with it';
const DAY_S = 24 * 60 * 60;

/** A question to the link alone: returns what is wrong with it. */
function lint(
  value: Omit<Check, 'spec' | 'reads' | 'judge' | 'impact'> & Partial<Pick<Check, 'impact'>>,
  faultOf: (parts: LinkParts) => string | undefined,
): Check {
  return check({
    spec: pairing,
    impact: 'interoperability',
    ...value,
    reads: linkRead,
    judge: ({ link }) => {
      const actual = faultOf(linkParts(link));
      if (actual !== undefined) throw new Violation({ actual });
      return undefined;
    },
  });
}

/** What is wrong with a field that must be there once and match; the same for one that may be missing. */
function faultOfField(
  parts: LinkParts,
  name: string,
  isRight: (value: string) => boolean,
): string | undefined {
  const [value, ...more] = fieldValues(parts, name);
  if (more.length > 0) return `${name} is given ${more.length + 1} times`;
  if (value === undefined)
    return parts.fields.some(([given]) => given === name)
      ? `${name} is not percent-encoded as it should be`
      : (otherSpelling(parts, name) ?? `there is no ${name}`);
  return isRight(value) ? undefined : `${name} is ${JSON.stringify(value)}`;
}

/** Names of fields are compared letter by letter. */
function otherSpelling({ fields }: LinkParts, name: string): string | undefined {
  const near = fields.find(([given]) => given.toLowerCase() === name.toLowerCase())?.[0];
  return near && `there is no ${name}, but ${near}`;
}

function faultOfOptional(parts: LinkParts, name: string, isRight: (value: string) => boolean) {
  const isThere = parts.fields.some(([given]) => given === name);
  return isThere ? faultOfField(parts, name, isRight) : undefined;
}

/** Where a client may send a token without TLS. */
function mayBePlain({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && (hostname === 'localhost' || isPrivateAddress(hostname));
}

function faultOfOrigin(parts: LinkParts): string | undefined {
  const text = fieldOf(parts, 'server');
  if (text === undefined || !URL.canParse(text)) throw new Blocked('the link names no server');
  const server = new URL(text);
  if (server.protocol === 'https:' || mayBePlain(server)) return undefined;
  return `server is ${server.protocol}//${server.host}`;
}

/** What a token says of itself, against the clock of the server. */
function faultOfClaims({ link, claims, open }: SeenToken): string | undefined {
  if (claims === undefined) return undefined;
  const { artifactId, iat, exp } = claims;
  const nowS = Date.parse(headerOf(open, 'Date') ?? '') / 1000;
  const isOther = artifactId?.toLowerCase() !== fieldOf(linkParts(link), 'artifactId')?.toLowerCase();
  if (artifactId !== undefined && isOther)
    return `the token says that it is for ${artifactId}, the link is not`;
  if (exp === undefined) return 'the token names no end (exp)';
  if (exp <= nowS) return `the token ended at ${iso(exp)}`;
  const lifetimeS = exp - (iat ?? nowS);
  return lifetimeS > DAY_S ? `the token is good for ${Math.round(lifetimeS / 3600)} hours` : undefined;
}

function iso(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} s after 1970` : date.toISOString();
}

export const v1Link: Section = {
  number: 22,
  title: 'Pulse v1: pairing link',
  untestable: {},
  relevelled: {
    'v1.link.upload-unit':
      'the field may be left out, but its words are fixed: clients refuse a link with another',
  },
  checks: [
    lint(
      {
        id: 'v1.link.scheme',
        level: v1Must,
        says: 'A pairing link begins with pulsecam://?.',
        passes: 'pulsecam://? and then the fields',
        fails: 'anything else before the fields',
        matters: 'the phone does not open the app for it',
      },
      ({ opening }) => (opening === 'pulsecam://?' ? undefined : `it begins with ${JSON.stringify(opening)}`),
    ),
    lint(
      {
        id: 'v1.link.v',
        level: v1Must,
        says: 'A pairing link states its version: v=1.',
        passes: 'v is 1, once',
        fails: 'no v, another one, or several',
        matters: refused,
      },
      (parts) => faultOfField(parts, 'v', (value) => value === '1'),
    ),
    lint(
      {
        id: 'v1.link.artifact-id',
        level: v1Must,
        says: 'A pairing link names the artifact that it is for.',
        passes: 'artifactId is a UUID, once',
        fails: 'no artifactId, something else than 8-4-4-4-12 hex digits, or several',
        matters: refused,
      },
      (parts) => faultOfField(parts, 'artifactId', isUuid),
    ),
    check({
      id: 'v1.link.server',
      level: v1Must,
      impact: 'interoperability',
      spec: pairing,
      says: 'A pairing link names the base URL of the server, with the prefix below which its routes are.',
      passes:
        'server is an http or https URL without query and credentials, and 200 to GET <server>/capabilities',
      fails:
        'no such URL, or the capabilities are elsewhere; a warning where it is not the server that is tested',
      matters: 'the app finds nothing where the link sends it',
      reads: linkServerAsked,
      judge({ link, named, capabilities }) {
        const parts = linkParts(link);
        const server = serverIn(parts);
        const actual = faultOfField(parts, 'server', () => server !== undefined);
        if (actual !== undefined || server === undefined)
          throw new Violation({ actual: actual ?? 'no server' });
        if (server.origin !== new URL(named).origin) {
          throw new Violation({
            expected: `a link for the server that is tested, ${named}`,
            actual: `the link is for ${server.origin}: nothing was sent there`,
            atMost: 'warn',
          });
        }
        return expectStatus(capabilities, [200], {
          expected: `200 from ${server.href.replace(/\/+$/, '')}/capabilities (the server that you named is ${named})`,
        });
      },
    }),
    lint(
      {
        id: 'v1.link.server-https',
        level: v1Must,
        impact: 'security',
        says: 'The server of a pairing link is reached by https; by http only on this machine or at a private address.',
        passes:
          'https, or http to localhost, 127/8, 10/8, 172.16/12, 192.168/16, 100.64/10, 169.254/16 or a private IPv6 address',
        fails: 'http to a public address or to a name, also to http://10.0.0.1.example.com',
        matters: 'clients refuse the link; one that does not would send video and token for everyone to read',
      },
      faultOfOrigin,
    ),
    lint(
      {
        id: 'v1.link.token',
        level: v1May,
        says: 'The token of a pairing link is left out, or is there.',
        passes: 'no token, or one that is not empty and that a header can carry, once',
        fails:
          'an empty token, one with a blank or beyond ASCII (a + stands for a blank: write %2B), or several',
        matters: 'a client may refuse the link, or send another token',
      },
      (parts) => faultOfOptional(parts, 'token', (value) => value !== '' && value !== HIDDEN_AND_UNUSABLE),
    ),
    check({
      id: 'v1.link.token-scoped',
      level: v1Should,
      impact: 'security',
      spec: pairing,
      says: 'The token of a pairing link is good for its artifact, and not for long.',
      passes: '401 or 403 to the creation of another artifact; where it can be read, it ends within 24 hours',
      fails:
        'another artifact is created, or the token says that it is past, endless, or for another artifact',
      matters: 'whoever sees one link can upload whatever they like, for as long as the token lasts',
      reads: linkTokenTried,
      judge(seen) {
        const { own, other } = seen;
        if (isSuccess(other)) {
          const actual = `another artifact was created with it: ${outcomeOf(other)}`;
          throw new Violation({ expected: '403', actual, evidence: [other] });
        }
        const fault = faultOfClaims(seen);
        if (fault !== undefined) throw new Violation({ actual: fault, evidence: [] });
        const status = own.answer?.status;
        if (status === 401 || status === 403)
          throw new Skip(
            `the token is refused for its own artifact too (${status}): is the link still good?`,
          );
        return expectStatus(other, [401, 403], { note: ['4xx'] });
      },
    }),
    lint(
      {
        id: 'v1.link.upload-unit',
        level: v1Must,
        says: 'uploadUnit of a pairing link is left out, or is segment or merged.',
        passes: 'no uploadUnit, segment, or merged, once',
        fails: 'any other word, or several',
        matters: refused,
      },
      (parts) => faultOfOptional(parts, 'uploadUnit', (value) => value === 'segment' || value === 'merged'),
    ),
    check({
      id: 'v1.link.unreserved',
      level: v1Must,
      impact: 'interoperability',
      spec: pairing,
      says: 'The artifact of a pairing link can be created at once, with the token of the link. This uses the link up.',
      passes: '201',
      fails:
        '404 or 409: it wants to be reserved first, or the link was used before; 401 or 403: the token is not good',
      matters: 'the app, which reserves nothing, cannot upload',
      reads: linkArtifactCreated,
      judge: ({ created }) => expectStatus(created, [201], { note: ['2xx'] }),
    }),
  ],
};
