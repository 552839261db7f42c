import { once } from 'node:events';
import { type Exchange, type RequestHead, refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import { answering, filtering, isCreation, refusing, status, uploadOf, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';

/** Section 16, second part. Plain tus, because pulse may ask for its token at finalize only. */
const serve = { protocol: 'tus', guarded: true } as const;

const isAnonymous = ({ headers }: RequestHead) => headers.authorization === undefined;

export const authorisationDefects: readonly Defect[] = [
  {
    id: 'creation-is-open',
    says: 'Asks for the token everywhere but at creations.',
    breaks: ['sec.auth.post'],
    serve,
    behaviour: () => lettingIn(({ request }) => isAnonymous(request) && isCreation(request)),
  },
  {
    id: 'head-is-open',
    says: 'Answers HEAD without a token.',
    breaks: ['sec.auth.head', 'sec.auth.no-enumeration'],
    serve,
    behaviour: () => lettingIn(({ request }) => isAnonymous(request) && request.method === 'HEAD'),
  },
  {
    id: 'patch-is-open',
    says: 'Takes chunks without a token.',
    breaks: ['sec.auth.patch'],
    serve,
    behaviour: () =>
      lettingIn(
        ({ request }) =>
          isAnonymous(request) && request.method === 'PATCH' && request.headers.expect === undefined,
      ),
  },
  {
    id: 'delete-is-open',
    says: 'Removes uploads without a token.',
    breaks: ['sec.auth.delete'],
    serve,
    behaviour: () => lettingIn(({ request }) => isAnonymous(request) && request.method === 'DELETE'),
  },
  {
    id: 'token-by-its-beginning',
    says: 'Compares a token only as far as the right one goes.',
    breaks: ['sec.auth.wrong-token'],
    serve,
    behaviour: () =>
      lettingIn(({ request }, good) => request.headers.authorization?.startsWith(good) === true),
  },
  {
    id: 'scheme-by-case',
    says: 'Knows Bearer, and not bearer.',
    breaks: ['sec.auth.scheme'],
    serve,
    behaviour: () =>
      refusing(({ request }) =>
        request.headers.authorization?.startsWith('bearer ')
          ? refusal(401, 'the scheme must be Bearer', { 'WWW-Authenticate': 'Bearer' })
          : undefined,
      ),
  },
  {
    id: 'token-from-query',
    says: 'Takes the token from the query as well.',
    breaks: ['sec.auth.no-query-token'],
    serve,
    behaviour: () =>
      lettingIn(
        ({ request, incoming }) => isAnonymous(request) && incoming.url?.includes('?token=') === true,
      ),
  },
  {
    id: 'token-behind-body',
    says: 'Looks for the token when the body has come.',
    breaks: ['sec.auth.before-body'],
    serve,
    behaviour: () =>
      filtering(async ({ request, incoming, invite }, next) => {
        if (isAnonymous(request) && request.headers.expect !== undefined) {
          invite();
          incoming.resume();
          await once(incoming, 'close');
        }
        return next();
      }),
  },
  {
    id: 'strangers-learn-what-is-there',
    says: 'Says 404 to strangers where there is no upload, and 401 where there is one.',
    breaks: ['sec.auth.no-enumeration'],
    serve,
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const reply = await next();
        if (reply.status !== 401 || exchange.request.method !== 'HEAD') return reply;
        return (await uploadOf(exchange, parts)) === undefined ? { ...reply, status: 404 } : reply;
      }),
  },
  {
    id: 'unexplained-401',
    says: 'Does not say in a 401 how to authenticate.',
    breaks: ['sec.auth.www-authenticate'],
    serve,
    behaviour: () => answering(status(401), (reply) => withHeaders(reply, { 'WWW-Authenticate': undefined })),
  },
];

/** Those who are meant get in with the credential that was good before. */
export function lettingIn(isMeant: (exchange: Exchange, good: string) => boolean): Behaviour {
  let good: string | undefined;
  return filtering(async (exchange, next) => {
    const { request } = exchange;
    if (good !== undefined && isMeant(exchange, good)) {
      return next({ request: { ...request, headers: { ...request.headers, authorization: good } } });
    }
    const reply = await next();
    if (isCreation(request) && reply.status === 201) good = request.headers.authorization ?? good;
    return reply;
  });
}
