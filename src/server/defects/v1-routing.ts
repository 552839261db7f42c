import type { Exchange, Reply } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import { words } from '../words.ts';
import { filtering } from './changes.ts';
import type { Defect } from './defect.ts';

/** Section 24, first part: the id that is authorised is not the one that is acted on (protocol v1, 4.4). */
const bound = { protocol: 'pulse-v1', guarded: true, bound: true } as const;
const place = `${words['pulse-v1'].creationPath}/`;

export const v1RoutingDefects: readonly Defect[] = [
  {
    id: 'v1-first-id-authorised-last-one-used',
    says: 'Asks whether the token is good for the first id in the path, and then acts on the last.',
    breaks: ['v1.route.same-id', 'v1.route.variants'],
    source: 'the protocol warns of it (4.4)',
    serve: bound,
    behaviour: () =>
      actingFor((path) => {
        const [first, last, ...more] = path.split('/');
        return first && last && more.length === 0 ? { authorised: first, used: last } : undefined;
      }),
  },
  {
    id: 'v1-matrix-parameter-authorised',
    says: 'Takes what stands behind a semicolon for the id that must be authorised, and the id before it for the upload.',
    breaks: ['v1.route.variants'],
    serve: bound,
    behaviour: () =>
      actingFor((path) => {
        const [used, authorised] = path.split(';');
        return used && authorised ? { authorised, used } : undefined;
      }),
  },
  {
    id: 'v1-ids-are-paths-in-base64',
    says: 'Reads an id as a path in base64url, and follows it.',
    breaks: ['v1.route.path-alias'],
    source: 'pulsevault on @tus/file-store 2.0.0',
    serve: { protocol: 'pulse-v1' },
    behaviour: () =>
      filtering(async ({ request }, next) => {
        const path = Buffer.from(request.path.slice(place.length), 'base64url').toString('latin1');
        const id = /^video\/\.\.\/video\/([\da-f-]{36})\.mp4$/.exec(path)?.[1];
        return id === undefined ? next() : next({ request: { ...request, path: place + id } });
      }),
  },
];

/** Two ids out of one path below the uploads: what the token must be good for, and what is then acted on. */
type Reading = (path: string) => { readonly authorised: string; readonly used: string } | undefined;

/** Acts on the one id if the token is good for the other, with the credential that has created it. */
function actingFor(read: Reading): Behaviour {
  const creators = new Map<string, string>();
  const remember = ({ request }: Exchange, reply: Reply) => {
    const id =
      String(reply.headers?.Location ?? '')
        .split('/')
        .at(-1) ?? '';
    const by = request.headers.authorization;
    if (request.method === 'POST' && reply.status === 201 && by !== undefined) creators.set(id, by);
  };
  return filtering(async (exchange, next) => {
    const { request } = exchange;
    const ids = request.path.startsWith(place) ? read(request.path.slice(place.length)) : undefined;
    const creator = ids && creators.get(ids.used);
    if (ids === undefined || creator === undefined) {
      const reply = await next();
      remember(exchange, reply);
      return reply;
    }
    const question = { ...request, method: 'HEAD', path: place + ids.authorised };
    const answer = await next({ request: question });
    if (answer.status !== 200) return { ...answer, status: 403 };
    const headers = { ...request.headers, authorization: creator };
    return next({ request: { ...request, path: place + ids.used, headers } });
  });
}
