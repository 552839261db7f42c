import { posix } from 'node:path';
import { standardAnswers } from '../http/answers.ts';
import type { Exchange, Reply } from '../http/exchange.ts';
import { refusal } from '../http/exchange.ts';
import { creationPaths } from '../http/routes.ts';
import type { Behaviour } from '../parts.ts';
import { authorisationDefects } from './authorisation.ts';
import {
  answering,
  both,
  filtering,
  headerOf,
  method,
  refusing,
  status,
  uploadOf,
  withHeaders,
} from './changes.ts';
import type { Defect } from './defect.ts';

const tus = { protocol: 'tus' } as const;

/** The tester looks at the answers to creations of this length, and never follows them. */
const isLookedAt = ({ exchange, reply }: { exchange: Exchange; reply: Reply }) =>
  reply.status === 201 && exchange.request.headers['upload-length'] === '1234';

const identifierDefects: readonly Defect[] = [
  {
    id: 'ids-are-counted',
    says: 'Counts its uploads, and uses the number as their id.',
    breaks: ['sec.id.unguessable'],
    serve: tus,
    behaviour: countedIds,
  },
  {
    id: 'looks-up-in-plain-object',
    says: 'Finds a function where it looks up the upload "constructor" in a plain object, and falls over it.',
    breaks: ['sec.id.reserved'],
    serve: tus,
    behaviour: () =>
      refusing(({ request }) =>
        request.path.endsWith('/constructor') ? refusal(500, 'internal error') : undefined,
      ),
  },
  {
    id: 'ids-are-paths',
    says: 'Decodes ids and follows the path components in them.',
    breaks: ['sec.id.alias'],
    source: 'https://github.com/tus/tus-node-server/commit/d2489f2',
    serve: tus,
    behaviour: () =>
      readingPaths((path) =>
        path.replace(/(?<=^\/(?:files|uploads?)\/).+$/, (id) => posix.normalize(decodeURIComponent(id))),
      ),
  },
  {
    id: 'ids-end-at-nul',
    says: 'Cuts ids off at a NUL, as C does.',
    breaks: ['sec.id.nul-and-slash'],
    serve: tus,
    behaviour: () => readingPaths((path) => path.replace(/(?<=[^/])%00.*$/, '')),
  },
  {
    id: 'side-files-are-served',
    says: 'Serves the file in which it keeps what it knows about an upload.',
    breaks: ['sec.id.dot'],
    serve: tus,
    behaviour: () =>
      refusing(({ request }) =>
        request.method === 'HEAD' && request.path.endsWith('.info')
          ? { status: 200, headers: standardAnswers.common() }
          : undefined,
      ),
  },
];

const exposureDefects: readonly Defect[] = [
  {
    id: 'location-elsewhere',
    says: 'Names its inner host in Location.',
    breaks: ['sec.location.same-origin'],
    source: 'https://github.com/tus/tus-node-server/issues/469',
    serve: tus,
    behaviour: () =>
      answering(isLookedAt, (reply) => withHeaders(reply, { Location: 'http://storage.internal/files/1' })),
  },
  {
    id: 'location-without-tls',
    says: 'Writes http into Location, whatever the proxy in front of it speaks.',
    breaks: ['sec.location.scheme-downgrade'],
    source: 'https://github.com/tus/tusd/issues/999',
    serve: { ...tus, https: true },
    behaviour: () =>
      answering(isLookedAt, (reply, { request }) =>
        withHeaders(reply, { Location: `http://${request.headers.host}${headerOf(reply, 'Location')}` }),
      ),
  },
  {
    id: 'location-from-forwarded-host',
    says: 'Believes any X-Forwarded-Host when it writes Location.',
    breaks: ['sec.location.host-reflection'],
    serve: tus,
    behaviour: () => ({
      locate: (id, { headers }) => {
        const host = headers['x-forwarded-host'];
        return `${host === undefined ? '' : `http://${host}`}${creationPaths.tus}/${id}`;
      },
    }),
  },
  {
    id: 'unfinished-is-served',
    says: 'Serves the first half of an upload of 1,000 bytes while the second is missing.',
    breaks: ['sec.exposure.in-progress'],
    serve: tus,
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const reply = await next();
        if (exchange.request.method !== 'GET' || reply.status !== 404) return reply;
        const upload = await uploadOf(exchange, parts);
        return upload?.info.lengthBytes === 1000
          ? { ...reply, status: 200, body: parts.store.read(upload) }
          : reply;
      }),
  },
  {
    id: 'pages-are-served-inline',
    says: 'Serves what is uploaded as HTML, to be shown.',
    breaks: ['sec.exposure.nosniff'],
    serve: tus,
    behaviour: () =>
      answering(both(method('GET'), status(200)), (reply) =>
        withHeaders(reply, { 'Content-Type': 'text/html', 'Content-Disposition': undefined }),
      ),
  },
  {
    id: 'every-origin-with-credentials',
    says: 'Lets every origin in, with credentials.',
    breaks: ['sec.cors.credentials'],
    serve: tus,
    behaviour: () =>
      answering(isLookedAt, (reply, { request }) =>
        withHeaders(reply, {
          'Access-Control-Allow-Origin': request.headers.origin,
          'Access-Control-Allow-Credentials': 'true',
        }),
      ),
  },
];

export const identifiersDefects: readonly Defect[] = [
  ...identifierDefects,
  ...authorisationDefects,
  ...exposureDefects,
];

/** In the form of the ids that the server looks up. */
function countedIds(): Behaviour {
  let count = 0;
  return { newId: () => `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}` };
}

/** Looks an upload up by what it makes of the path; a path that it cannot read stays as it is. */
function readingPaths(read: (path: string) => string): Behaviour {
  return filtering((exchange, next) => {
    const { request } = exchange;
    return next({ request: { ...request, path: readable(request.path, read) } });
  });
}

function readable(path: string, read: (path: string) => string): string {
  try {
    return read(path);
  } catch {
    return path;
  }
}
