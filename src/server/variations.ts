import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { TUS_VERSION } from '../protocol/headers.ts';
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
} from './defects/changes.ts';
import type { Variation } from './defects/defect.ts';
import { type Exchange, type Reply, refusal } from './exchange.ts';
import { standardExtensions } from './extensions.ts';
import type { Behaviour, Filter } from './parts.ts';
import { receive } from './receive.ts';
import { roomBytes } from './upload.ts';

const PREFIX = '/api/v2';

/** Differences between servers that are all right: no check may fail or warn because of one. */
export const variations: readonly Variation[] = [
  {
    id: 'head-204-options-200',
    says: 'Answers HEAD with 204 and OPTIONS with 200.',
    behaviour: () =>
      filtering(async (exchange, next) => {
        const reply = await next();
        const swapped = { HEAD: [200, 204], OPTIONS: [204, 200] }[exchange.request.method];
        return swapped?.[0] === reply.status ? { ...reply, status: swapped[1] ?? reply.status } : reply;
      }),
  },
  {
    id: 'unknown-410',
    says: 'Answers 410 for uploads that it does not know.',
    behaviour: () => answering(isUnknownUpload, (reply) => ({ ...reply, status: 410 })),
  },
  {
    id: 'unknown-403',
    says: 'Answers 403 for uploads that it does not know.',
    serve: { protocol: 'tus' },
    behaviour: () => answering(isUnknownUpload, (reply) => ({ ...reply, status: 403 })),
  },
  {
    id: 'location-absolute',
    says: 'Names new uploads by their whole URL.',
    behaviour: () => ({ locate: (id, { headers }) => `http://${headers.host}/uploads/${id}` }),
  },
  {
    id: 'location-relative',
    says: 'Names new uploads relative to the URL of the creation.',
    serve: { protocol: 'tus' },
    behaviour: () => ({ locate: (id) => `files/${id}` }),
  },
  {
    id: 'location-with-query',
    says: 'Names new uploads by a URL with a query.',
    serve: { protocol: 'tus' },
    behaviour: () => ({ locate: (id) => `/files/${id}?part=1` }),
  },
  {
    id: 'location-below-prefix',
    says: 'Lives below a path prefix, and names it in Location.',
    serve: { below: PREFIX },
    behaviour: () => ({ ...belowPrefix(), locate: (id) => `${PREFIX}/uploads/${id}` }),
  },
  {
    id: 'header-names-lower-case',
    says: 'Writes header names in lower case.',
    behaviour: () => renaming((name) => name.toLowerCase()),
  },
  {
    id: 'header-names-upper-case',
    says: 'Writes header names in upper case.',
    behaviour: () => renaming((name) => name.toUpperCase()),
  },
  {
    id: 'extra-headers',
    says: 'Adds headers of a proxy, a framework and a cookie, and other directives to Cache-Control.',
    behaviour: () =>
      answering(
        () => true,
        (reply) => ({
          ...reply,
          headers: {
            ...withHeaders(reply, { 'Cache-Control': 'private, No-Store, max-age=0' }).headers,
            Via: '1.1 proxy',
            'X-Powered-By': 'Express',
            'Set-Cookie': ['a=b; Path=/', 'c=d; Path=/'],
            Date: 'Thu, 01 Jan 1970 00:00:00 GMT',
          },
        }),
      ),
  },
  {
    id: 'interim-102',
    says: 'Says 102 before every answer.',
    behaviour: () =>
      filtering(async (exchange, next) => {
        exchange.outgoing.writeProcessing();
        return next();
      }),
  },
  {
    id: 'interim-100-unasked',
    says: 'Says 100 before every answer, though nobody asked.',
    behaviour: () =>
      filtering(async (exchange, next) => {
        exchange.outgoing.writeContinue();
        return next();
      }),
  },
  {
    id: 'connection-close',
    says: 'Closes the connection after every answer.',
    behaviour: () =>
      answering(
        () => true,
        (reply) => ({ ...reply, headers: { ...reply.headers, Connection: 'close' } }),
      ),
  },
  {
    id: 'closes-after-refusals',
    says: 'Closes the connection after every refusal, without saying so.',
    behaviour: () =>
      answering(status(400, 499), (reply, { outgoing, incoming }) => {
        outgoing.once('finish', () => incoming.socket.destroySoon());
        return reply;
      }),
  },
  {
    id: 'cleans-paths',
    says: 'Redirects from a path with dot segments or with a slash behind it to the right one.',
    behaviour: () =>
      refusing(({ incoming: { url = '/' } }) => {
        const [path = '/', query] = url.split('?');
        const clean = new URL(path, 'http://host').pathname.replace(/(.)\/+$/, '$1');
        const location = query === undefined ? clean : `${clean}?${query}`;
        return clean === path ? undefined : { status: 307, headers: { Location: location } };
      }),
  },
  {
    id: 'chunked-answers',
    says: 'Sends the bodies of its answers in chunks.',
    behaviour: () =>
      answering(
        ({ reply, exchange }) => typeof reply.body === 'string' && exchange.request.method !== 'HEAD',
        (reply) => ({ ...reply, body: Readable.from([...String(reply.body)]) }),
      ),
  },
  {
    id: 'slow-answers',
    says: 'Thinks for 50 ms about every request.',
    behaviour: () =>
      filtering(async (_exchange, next) => {
        await sleep(50);
        return next();
      }),
  },
  {
    id: 'dribbling-answers',
    says: 'Writes its answers in segments of seven bytes.',
    behaviour: () => ({ connection: dribble }),
  },
  {
    id: 'closes-after-409',
    says: 'Answers 409 without reading the chunk, and closes the connection.',
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const upload = exchange.request.method === 'PATCH' ? await uploadOf(exchange, parts) : undefined;
        const offset = parts.rules.parse.offset(exchange.request.headers['upload-offset']);
        const isRefused = upload && offset !== undefined && offset !== upload.offsetBytes && !upload.finished;
        const reply = await next();
        return isRefused && reply.status === 409 ? writtenAndClosed(exchange, reply) : reply;
      }),
  },
  {
    id: 'takes-less',
    says: 'Takes the first 512 KiB of a larger chunk, and acknowledges those.',
    behaviour: () => ({
      receive: async (job) => {
        const ending = await receive({ ...job, roomBytes: Math.min(job.roomBytes, 512 * 1024) });
        const isWanted = ending.kind === 'overrun' && job.roomBytes > 512 * 1024;
        return isWanted ? { kind: 'whole' } : ending;
      },
    }),
  },
  {
    id: 'no-extensions',
    says: 'Advertises no extension and offers none but the creation itself.',
    behaviour: () => ({ extensions: [] }),
  },
  {
    id: 'creation-only',
    says: 'Offers plain tus with creation, and no other extension.',
    serve: { protocol: 'tus' },
    behaviour: () => ({ extensions: standardExtensions.filter(({ name }) => name === 'creation') }),
  },
  {
    id: 'no-room-507',
    says: 'Answers 507 to creations for which there is no room on the disk.',
    behaviour: () =>
      refusing(({ request }) =>
        request.method === 'POST' && Number(request.headers['upload-length']) > 2 ** 39
          ? refusal(507, 'no room for so many bytes')
          : undefined,
      ),
  },
  {
    id: 'two-versions',
    says: 'Lists an older version besides.',
    behaviour: () => twoVersionsListed,
  },
  {
    id: 'wants-version',
    says: 'Refuses requests that name no version.',
    behaviour: () => ({
      rules: {
        door: {
          version: ({ request }) =>
            request.headers['tus-resumable'] === TUS_VERSION || request.path === '/uploads/finalize'
              ? undefined
              : refusal(412, `Tus-Resumable must be ${TUS_VERSION}`, { 'Tus-Version': TUS_VERSION }),
        },
      },
    }),
  },
  {
    id: 'guarded',
    says: 'Asks for a token with every request.',
    serve: { guarded: true },
    behaviour: () => ({}),
  },
  {
    id: 'guarded-403',
    says: 'Asks for a token with every request, and answers 403 without one.',
    serve: { guarded: true },
    behaviour: () => answering(status(401), (reply) => ({ ...reply, status: 403 })),
  },
  {
    id: 'finalize-once',
    says: 'Knows a finalized upload no more: 404 to whatever is asked of it.',
    behaviour: finalizeOnce,
  },
];

export const twoVersionsListed: Behaviour = answering(
  ({ reply }) => headerOf(reply, 'Tus-Version') !== undefined,
  (reply) => withHeaders(reply, { 'Tus-Version': `${TUS_VERSION},0.2.2` }),
);

type Facts = { readonly exchange: Exchange; readonly reply: Reply };

function isUnknownUpload({ exchange, reply }: Facts): boolean {
  const isAboutUpload = /^\/(uploads|files)\/(?!finalize$)/.test(exchange.request.path);
  return isAboutUpload && both(method('HEAD', 'PATCH', 'DELETE'), status(404))({ exchange, reply });
}

function renaming(rename: (name: string) => string): Behaviour {
  return answering(
    () => true,
    (reply) => ({
      ...reply,
      headers: Object.fromEntries(
        Object.entries(reply.headers ?? {}).map(([name, value]) => [rename(name), value]),
      ),
    }),
  );
}

/** A front end that hands on what is below the prefix, and nothing else. */
function belowPrefix(): Behaviour {
  return filtering(async (exchange, next) => {
    const { path } = exchange.request;
    if (!path.startsWith(`${PREFIX}/`)) return refusal(404, 'nothing here');
    return next({ request: { ...exchange.request, path: path.slice(PREFIX.length) } });
  });
}

/** The answer goes out at once, and nothing is read any more. */
function writtenAndClosed(exchange: Exchange, reply: Reply): Reply {
  const { socket } = exchange.incoming;
  const body = typeof reply.body === 'string' ? reply.body : '';
  const headers = {
    ...reply.headers,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  exchange.outgoing.detachSocket(socket);
  socket.end(`HTTP/1.1 ${reply.status} Conflict\r\n${lines.join('')}\r\n${body}`);
  exchange.outgoing.destroy();
  return reply;
}

function finalizeOnce(): Behaviour {
  const finalized = new Set<string>();
  const filter: Filter = async (exchange, next, parts) => {
    const upload = await uploadOf(exchange, parts);
    if (upload && finalized.has(upload.info.id)) return next({ request: withoutUpload(exchange) });
    return next();
  };
  return {
    filter,
    rules: {
      finalize: {
        complete: ({ upload }) => {
          if (roomBytes(upload) > 0) return refusal(409, 'not complete');
          if (finalized.has(upload.info.id)) return refusal(404, 'no such upload');
          finalized.add(upload.info.id);
          return undefined;
        },
      },
    },
  };
}

/** The same request about an upload that nobody has. */
function withoutUpload({ request }: Exchange): Exchange['request'] {
  return { ...request, path: request.path.replace(/[^/]+$/, 'gone') };
}

/** Splits whatever is written into small segments of their own. */
function dribble(socket: Parameters<NonNullable<Behaviour['connection']>>[0]): void {
  socket.setNoDelay(true);
  const write = socket.write.bind(socket);
  const inSegments = (data: Uint8Array | string, ...rest: unknown[]): boolean => {
    const encoding = rest.find((item) => typeof item === 'string') as BufferEncoding | undefined;
    const done = rest.find((item) => typeof item === 'function') as (() => void) | undefined;
    const bytes = typeof data === 'string' ? Buffer.from(data, encoding) : Buffer.from(data);
    const dribbled = Math.min(bytes.length, 700);
    for (let at = 0; at < dribbled; at += 7) write(bytes.subarray(at, Math.min(at + 7, dribbled)));
    return write(bytes.subarray(dribbled), done);
  };
  socket.write = inSegments as typeof socket.write;
}
