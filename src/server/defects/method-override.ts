import { type RequestHead, refusal } from '../http/exchange.ts';
import type { Filter } from '../parts.ts';
import { answering, filtering, refusing, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';

const tus = { protocol: 'tus' } as const;
const version = { 'Tus-Resumable': '1.0.0' };

export const methodOverrideDefects: readonly Defect[] = [
  {
    id: 'override-unknown-here',
    says: 'Knows no X-HTTP-Method-Override, and has no POST on upload URLs.',
    breaks: ['core.method-override.patch', 'core.method-override.delete'],
    source: 'https://github.com/tusdotnet/tusdotnet/issues/6',
    serve: tus,
    behaviour: () =>
      refusing(({ request }) => (overrideOf(request) ? refusal(404, 'no such resource') : undefined)),
  },
  {
    id: 'override-creates',
    says: 'Creates an upload for every POST, whatever X-HTTP-Method-Override says.',
    breaks: ['core.method-override.patch', 'core.method-override.delete', 'core.method-override.head'],
    source: 'https://github.com/edihasaj/tuspyserver/issues/65',
    serve: tus,
    behaviour: () =>
      refusing(({ request }) =>
        ['PATCH', 'DELETE', 'HEAD'].includes(overrideOf(request) ?? '')
          ? { status: 201, headers: { ...version, Location: '/files/00000000-0000-4000-8000-000000000000' } }
          : undefined,
      ),
  },
  {
    id: 'override-delete-does-nothing',
    says: 'Acknowledges POST as DELETE, and deletes nothing.',
    breaks: ['core.method-override.delete'],
    serve: tus,
    behaviour: () =>
      refusing(({ request }) =>
        overrideOf(request) === 'DELETE' ? { status: 204, headers: version } : undefined,
      ),
  },
  {
    id: 'override-head-silent',
    says: 'Answers POST as HEAD without the offset.',
    breaks: ['core.method-override.head'],
    serve: tus,
    behaviour: () =>
      answering(
        ({ exchange }) => overrideOf(exchange.request) === 'HEAD',
        (reply) => withHeaders(reply, { 'Upload-Offset': undefined }),
      ),
  },
  {
    id: 'override-nonsense-500',
    says: 'Fails inside when X-HTTP-Method-Override names no method.',
    breaks: ['core.method-override.unknown'],
    serve: tus,
    behaviour: () =>
      refusing(({ request }) =>
        overrideOf(request) === 'F00' ? refusal(500, 'verbs[method] is not a function') : undefined,
      ),
  },
  {
    id: 'override-lends-a-token',
    says: 'Lets requests with X-HTTP-Method-Override in with the token of whoever came last.',
    breaks: ['core.method-override.no-auth-bypass'],
    serve: { protocol: 'tus', guarded: true },
    behaviour: () => filtering(lendingToken()),
  },
];

function overrideOf({ headers }: RequestHead): string | undefined {
  return headers['x-http-method-override'];
}

function lendingToken(): Filter {
  let authorization: string | undefined;
  return async ({ request }, next) => {
    authorization = request.headers.authorization ?? authorization;
    if (overrideOf(request) === undefined || authorization === undefined) return next();
    return next({ request: { ...request, headers: { ...request.headers, authorization } } });
  };
}
