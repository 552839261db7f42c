import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { TUS_VERSION } from '../../protocol/headers.ts';
import {
  answering,
  filtering,
  headerOf,
  refusing,
  status,
  uploadOf,
  withHeaders,
} from '../defects/changes.ts';
import type { Variation } from '../defects/defect.ts';
import { type Exchange, type Reply, refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import { http10 } from './http-1-0.ts';

/** The same answers in other words, headers, pieces and times. */
export const answerVariations: readonly Variation[] = [
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
    id: 'http-1-0',
    says: 'Speaks HTTP/1.0: closes behind every answer, asks for no body, and knows no Transfer-Encoding.',
    serve: { protocol: 'tus' },
    behaviour: http10,
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
    says: 'Redirects from a path with dot segments or with a slash behind it, encoded or not, to the right one.',
    behaviour: () =>
      refusing(({ incoming: { url = '/' } }) => {
        const [path = '/', query] = url.split('?');
        const clean = new URL(path, 'http://host').pathname.replace(/(.)(?:\/|%2f)+$/i, '$1');
        const location = query === undefined ? clean : `${clean}?${query}`;
        return clean === path ? undefined : { status: 307, headers: { Location: location } };
      }),
  },
  {
    id: 'page-at-unknown-paths',
    says: 'Serves the page of an app at every path that it does not know.',
    behaviour: () =>
      answering(
        ({ exchange: { request }, reply }) =>
          request.method === 'GET' && reply.status === 404 && !request.path.startsWith('/uploads/'),
        () => ({ status: 200, headers: { 'Content-Type': 'text/html' }, body: '<title>App</title>' }),
      ),
  },
  {
    id: 'resolves-paths',
    says: 'Stands behind a front that decodes and resolves the path, and hands on the result, as nginx may.',
    behaviour: () =>
      filtering(async ({ request }, next) => {
        const path = resolved(request.path);
        return path === undefined ? refusal(400, 'no path') : next({ request: { ...request, path } });
      }),
  },
  {
    id: 'login-elsewhere',
    says: 'Redirects to a login page from whatever is no part of the protocol.',
    behaviour: () =>
      answering(
        ({ exchange, reply }) => reply.status === 404 && !/^\/(uploads|health)/.test(exchange.request.path),
        () => ({ status: 302, headers: { Location: '/login' } }),
      ),
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
    id: 'two-versions',
    says: 'Lists an older version besides.',
    behaviour: () => twoVersionsListed,
  },
];

export const twoVersionsListed: Behaviour = answering(
  ({ reply }) => headerOf(reply, 'Tus-Version') !== undefined,
  (reply) => withHeaders(reply, { 'Tus-Version': `${TUS_VERSION},0.2.2` }),
);

/** The path that is meant; undefined where it cannot be decoded, or holds a NUL. */
function resolved(path: string): string | undefined {
  try {
    const decoded = posix.normalize(decodeURIComponent(path));
    return decoded.includes('\0') ? undefined : decoded;
  } catch {
    return undefined;
  }
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
