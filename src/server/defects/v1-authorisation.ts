import { once } from 'node:events';
import { Readable } from 'node:stream';
import { TUS_VERSION } from '../../protocol/headers.ts';
import { artifactOf } from '../artifact.ts';
import { type Exchange, type Reply, type RequestHead, refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import { lettingIn } from './authorisation.ts';
import { answering, both, filtering, method, refusing, status, uploadOf, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';

/** Section 24, second and third part. */
const guarded = { protocol: 'pulse-v1', guarded: true } as const;
const bound = { ...guarded, bound: true } as const;

const tus = { 'Tus-Resumable': TUS_VERSION };

const isAnonymous = ({ headers, query }: RequestHead) =>
  headers.authorization === undefined && !query.includes('token=');
const isArtifact = ({ path }: RequestHead) => path.startsWith('/artifacts/');
const offsetIn = ({ headers }: RequestHead) => Number(headers['upload-offset'] ?? 0);
const sizeIn = ({ headers }: RequestHead) => headers['upload-length'];

const letting =
  (isMeant: (exchange: Exchange, good: string) => boolean): (() => Behaviour) =>
  () =>
    lettingIn(isMeant);

export const v1AuthorisationDefects: readonly Defect[] = [
  {
    id: 'v1-bearer-not-for-delete',
    says: 'Wants a session cookie for DELETE of a larger upload, and no bearer token.',
    breaks: ['v1.auth.bearer'],
    serve: guarded,
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const isMeant = exchange.request.method === 'DELETE' && !isArtifact(exchange.request);
        const upload = isMeant ? await uploadOf(exchange, parts) : undefined;
        return upload?.info.lengthBytes === 1511 ? refusal(401, 'sign in first') : next();
      }),
  },
  {
    id: 'v1-no-such-method-for-nobody',
    says: 'Knows the method of a creation only where somebody brings a token.',
    breaks: ['v1.auth.none.401'],
    serve: guarded,
    behaviour: () =>
      refusing(({ request }) =>
        isAnonymous(request) && sizeIn(request) === '61'
          ? refusal(405, 'this resource does not have that method')
          : undefined,
      ),
  },
  {
    id: 'v1-token-by-its-beginning',
    says: 'Compares a token only as far as the right one goes.',
    breaks: ['v1.auth.bad.403', 'sec.auth.wrong-token'],
    serve: guarded,
    behaviour: letting(({ request }, good) => request.headers.authorization?.startsWith(good) === true),
  },
  {
    id: 'v1-artifacts-are-removed-by-all',
    says: 'Asks for no token where a finished artifact is removed.',
    breaks: ['v1.auth.every-phase'],
    serve: guarded,
    behaviour: letting(({ request }) => request.method === 'DELETE' && isArtifact(request)),
  },
  {
    id: 'v1-token-once',
    says: 'Asks for the token with the first chunk of an upload, and with no other.',
    breaks: ['v1.auth.every-chunk'],
    serve: guarded,
    behaviour: letting(
      ({ request }) => request.method === 'PATCH' && isAnonymous(request) && offsetIn(request) > 0,
    ),
  },
  {
    id: 'v1-nothing-to-authorise',
    says: 'Finds no artifact in the URL, and so lets the request through to whatever answers there.',
    breaks: ['v1.auth.unresolvable'],
    source: 'the protocol warns of it (5.2)',
    serve: guarded,
    behaviour: () =>
      refusing(({ request }) =>
        request.path.endsWith('/pulse-verify-no-id')
          ? { status: request.method === 'HEAD' ? 200 : 204, headers: { ...tus, 'Upload-Offset': '0' } }
          : undefined,
      ),
  },
  {
    id: 'v1-token-behind-creation',
    says: 'Looks for the token of a creation when the bytes that it brings have come.',
    breaks: ['v1.auth.before-bytes'],
    serve: guarded,
    behaviour: () =>
      filtering(async ({ request, incoming, invite }, next) => {
        if (request.method === 'POST' && isAnonymous(request) && request.headers.expect !== undefined) {
          invite();
          incoming.resume();
          await once(incoming, 'close');
        }
        return next();
      }),
  },
  {
    id: 'v1-artifacts-are-public',
    says: 'Serves finished artifacts to whoever asks.',
    breaks: ['v1.auth.get-token-query'],
    serve: guarded,
    behaviour: letting(
      ({ request }) =>
        request.method === 'GET' && isArtifact(request) && request.headers.authorization === undefined,
    ),
  },
  {
    id: 'v1-captions-need-a-token-of-their-own',
    says: 'Takes related captions with a token of their own only.',
    breaks: ['v1.auth.related'],
    serve: bound,
    behaviour: () =>
      refusing(({ request }) => {
        const artifact = artifactOf(request.headers['upload-metadata']);
        const isMeant = 'id' in artifact && artifact.kind === 'captions' && sizeIn(request) === '1019';
        return isMeant ? refusal(403, 'the token is for another artifact') : undefined;
      }),
  },
  {
    id: 'v1-relation-by-declaration',
    says: 'Believes a creation of an artifact that exists already what it says of its relation.',
    breaks: ['v1.auth.related-not-reverse'],
    serve: bound,
    behaviour: () =>
      filtering(async (exchange, next, { uploads, locate }) => {
        const { request } = exchange;
        const reply = await next();
        const claimed = artifactOf(request.headers['upload-metadata']);
        if (request.method !== 'POST' || reply.status !== 409 || 'status' in claimed) return reply;
        const there = await uploads.find(claimed.id);
        const known = artifactOf(there?.info.metadata);
        if (there === undefined || 'status' in known || known.relatedTo === claimed.relatedTo) return reply;
        await uploads.update(there, { metadata: request.headers['upload-metadata'] ?? '' });
        return { status: 201, headers: { ...tus, Location: locate(claimed.id, request) } };
      }),
  },
  {
    id: 'v1-options-fail-for-nobody',
    says: 'Fails where OPTIONS comes without a token.',
    breaks: ['v1.auth.options'],
    serve: guarded,
    behaviour: () =>
      refusing(({ request }) =>
        request.method === 'OPTIONS' && isAnonymous(request) ? refusal(500, 'no token to read') : undefined,
      ),
  },
  {
    id: 'v1-artifact-errors-are-text',
    says: 'Says in plain text that there is no such artifact.',
    breaks: ['v1.error.json'],
    serve: { protocol: 'pulse-v1' },
    behaviour: () =>
      answering(
        both(status(404), ({ exchange }) => isArtifact(exchange.request)),
        inText('Not Found'),
      ),
  },
  {
    id: 'v1-conflicts-are-text',
    says: 'Says in plain text that a chunk is at the wrong offset.',
    breaks: ['v1.error.json.tus-layer'],
    serve: { protocol: 'pulse-v1' },
    behaviour: () => answering(both(status(409), method('PATCH')), inText('Conflict')),
  },
];

/** The reply with this text instead of its JSON. */
export function inText(body: string): (reply: Reply) => Reply {
  return (reply) => ({
    ...withHeaders(reply, { 'Content-Type': 'text/plain', 'Content-Length': String(body.length) }),
    // As a stream, because text is what every refusal is made JSON of.
    body: Readable.from([body]),
  });
}
