import { once } from 'node:events';
import { json, refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import { rulesOf } from '../rules.ts';
import { answering, filtering, refusing, status, uploadOf, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';
import { answeringBytes, misreading } from './raw-bytes.ts';

const tus = { protocol: 'tus' } as const;
const standard = rulesOf(tus);
const internalError = () => refusal(500, 'internal error');

const MiB = 1024 * 1024;

export const httpRobustnessDefects: readonly Defect[] = [
  {
    id: 'never-invites',
    says: 'Never asks for the body that a client holds back for 100 Continue.',
    breaks: ['http.expect-100.accept', 'cwu.post.expect-continue'],
    serve: tus,
    behaviour: () => filtering((_exchange, next) => next({ invite: () => {} })),
  },
  {
    id: 'refuses-behind-body',
    says: 'Looks at a wrong Upload-Offset only when the body has come, and does not ask for it.',
    breaks: ['http.expect-100.reject'],
    source: 'https://github.com/janko/tus-ruby-server/issues/8',
    serve: tus,
    behaviour: () =>
      filtering(async ({ request, incoming }, next) => {
        if (request.headers.expect !== undefined && request.headers['upload-offset'] === '5') {
          incoming.resume();
          await once(incoming, 'close');
        }
        return next();
      }),
  },
  {
    id: 'large-chunks-anywhere',
    says: 'Does not compare the offset of chunks of 8 MiB and more.',
    breaks: ['http.early-reject.large-body'],
    serve: tus,
    behaviour: () => ({
      rules: {
        patchHeld: {
          offsetMatches: (facts) =>
            (facts.request.bodyBytes ?? 0) >= 8 * MiB ? undefined : standard.patchHeld.offsetMatches(facts),
        },
      },
    }),
  },
  {
    id: 'body-limit-below-1-mib',
    says: 'Takes no chunk of 1 MiB for an upload that is one byte longer.',
    breaks: ['data.chunk.last-smaller', 'http.body-limit.1mib'],
    behaviour: () =>
      filtering(async (exchange, next, parts) =>
        exchange.request.bodyBytes === MiB && (await uploadOf(exchange, parts))?.info.lengthBytes === MiB + 1
          ? refusal(413, 'the body is too long')
          : next(),
      ),
  },
  {
    id: 'body-limit-of-1-mib',
    says: 'Takes bodies up to 1 MiB, so that a form with a chunk of that size is too long (one upload length only).',
    breaks: ['http.body-limit.multipart', 'pulse.multipart.1mib'],
    behaviour: () =>
      filtering(async (exchange, next, parts) =>
        (exchange.request.bodyBytes ?? 0) > MiB && (await uploadOf(exchange, parts))?.info.lengthBytes === MiB
          ? refusal(413, 'the body is too long')
          : next(),
      ),
  },
  {
    id: 'http-1-0-is-an-error',
    says: 'Fails on requests by HTTP/1.0.',
    breaks: ['http.http10'],
    serve: tus,
    behaviour: () =>
      refusing(({ incoming }) => (incoming.httpVersion === '1.0' ? internalError() : undefined)),
  },
  {
    id: 'header-names-by-case',
    says: 'Knows upload-offset only when it is written Upload-Offset.',
    breaks: ['http.header-case'],
    serve: tus,
    behaviour: () =>
      refusing(({ incoming }) =>
        incoming.rawHeaders.includes('upload-offset') ? refusal(400, 'Upload-Offset is missing') : undefined,
      ),
  },
  {
    id: 'header-values-with-blanks',
    says: 'Counts the blanks around Upload-Offset as part of it.',
    breaks: ['http.header-whitespace'],
    serve: tus,
    behaviour: () => misreading((text) => text.replace(/(Upload-Offset:) {3}0 {2}\r/, '$1 "  0  "\r')),
  },
  {
    id: 'download-of-unfinished-fails',
    says: 'Fails on GET while an upload of 65,536 bytes is not complete.',
    breaks: ['http.get-on-upload'],
    serve: tus,
    behaviour: () => ({
      rules: {
        download: {
          complete: (facts) => {
            const refused = standard.download.complete(facts);
            return refused && facts.upload.info.lengthBytes === 65_536 ? internalError() : refused;
          },
        },
      },
    }),
  },
  {
    id: 'answers-one-behind',
    says: 'Over a kept connection, answers the second chunk of a file without a name with the answer to the first.',
    breaks: ['http.keepalive'],
    serve: tus,
    behaviour: answersOneBehind,
  },
  {
    id: 'forgets-resting-uploads',
    says: 'Forgets an upload of ten bytes that nobody touches for 8 s.',
    breaks: ['http.idle-connection'],
    serve: tus,
    behaviour: forgetsResting,
  },
  {
    id: 'length-over-chunks',
    says: 'Believes Content-Length where there is Transfer-Encoding too.',
    breaks: ['http.cl-and-te'],
    serve: tus,
    behaviour: () =>
      misreading((text) =>
        text.replace(/^(PATCH [\s\S]*Content-Length: \d+\r\n[\s\S]*?)Transfer-Encoding: chunked\r\n/, '$1'),
      ),
  },
  {
    id: 'last-length-counts',
    says: 'Takes the last of several Content-Length lines.',
    breaks: ['http.duplicate-content-length'],
    serve: tus,
    behaviour: () => misreading((text) => text.replace(/Content-Length: 5\r\n(?=Content-Length: 6\r\n)/, '')),
  },
  {
    id: 'any-length-counts',
    says: 'Reads a Content-Length of abc as 5.',
    breaks: ['http.bad-content-length'],
    serve: tus,
    behaviour: () => misreading((text) => text.replace('Content-Length: abc\r\n', 'Content-Length: 5\r\n')),
  },
  {
    id: 'any-chunk-size-counts',
    says: 'Takes a chunk size of zz for another chunk of the same size.',
    breaks: ['http.bad-chunk-size'],
    serve: tus,
    behaviour: () => misreading((text) => text.replace(/(?<=\r\n5\r\n[\s\S]{5}\r\n)zz(?=\r\n)/, '5')),
  },
  {
    id: 'large-heads-fail',
    says: 'Fails on heads of 64 KiB.',
    breaks: ['http.large-headers', 'http.no-5xx'],
    serve: tus,
    behaviour: () => answeringBytes((text) => text.includes('X-Filler-0: '), '500 Internal Server Error'),
  },
  {
    id: 'long-paths-fail',
    says: 'Fails on paths of more than 8,000 characters.',
    breaks: ['http.long-url', 'http.no-5xx'],
    serve: tus,
    behaviour: () => refusing(({ request }) => (request.path.length > 8000 ? internalError() : undefined)),
  },
  {
    id: 'bad-percent-fails',
    says: 'Decodes paths without expecting that they cannot be decoded.',
    breaks: ['http.bad-percent', 'http.no-5xx'],
    serve: tus,
    behaviour: () => refusing(({ request }) => (isDecodable(request.path) ? undefined : internalError())),
  },
  {
    id: 'trace-echoes',
    says: 'Answers TRACE with the request, headers included.',
    breaks: ['http.unknown-method'],
    serve: tus,
    behaviour: () =>
      refusing(({ request, incoming }) =>
        request.method === 'TRACE'
          ? withHeaders(
              { status: 200, body: incoming.rawHeaders.join('\r\n') },
              { 'Content-Type': 'message/http' },
            )
          : undefined,
      ),
  },
  {
    id: 'aborted-chunk-ends-process',
    says: 'Ends when a chunk of 20 bytes breaks off, and is started again 300 ms later.',
    breaks: ['http.alive-after-abuse'],
    source: 'https://github.com/mieweb/pulsevault/issues/50',
    serve: tus,
    behaviour: downAfterAbort,
  },
  {
    id: 'errors-show-stack',
    says: 'Shows a stack trace in the answer to a wrong offset.',
    breaks: ['http.error-leak'],
    source: 'https://github.com/mieweb/pulsevault/issues/43',
    behaviour: () =>
      answering(status(409), (reply) => ({
        ...json(409, { error: new Error('offset mismatch').stack }),
        headers: reply.headers ?? {},
      })),
  },
];

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** Only for creations without metadata, which other requests over kept connections do not make. */
function answersOneBehind(): Behaviour {
  return filtering(async (exchange, next, parts) => {
    const reply = await next();
    const { method: verb, headers } = exchange.request;
    const upload = verb === 'PATCH' ? await uploadOf(exchange, parts) : undefined;
    const isMeant =
      upload?.info.metadata === undefined &&
      upload?.info.lengthBytes === 24 &&
      headers['upload-offset'] === '4' &&
      reply.status === 204;
    return isMeant ? withHeaders(reply, { 'Upload-Offset': '4' }) : reply;
  });
}

function forgetsResting(): Behaviour {
  const touchedMs = new Map<string, number>();
  return filtering(async (exchange, next, parts) => {
    const { path } = exchange.request;
    const restedMs = performance.now() - (touchedMs.get(path) ?? performance.now());
    if (restedMs > 8000 && (await uploadOf(exchange, parts))?.info.lengthBytes === 24) {
      return refusal(404, 'no such upload');
    }
    touchedMs.set(path, performance.now());
    return next();
  });
}

/** The 300 ms begin when somebody sees that it is down: on a busy machine they would be over before. */
function downAfterAbort(): Behaviour {
  let downUntilMs = 0;
  return filtering(async (exchange, next) => {
    const { incoming, request, outgoing } = exchange;
    if (request.method === 'PATCH' && request.bodyBytes === 20) {
      incoming.once('close', () => {
        if (!incoming.complete) downUntilMs = Number.POSITIVE_INFINITY;
      });
    }
    if (performance.now() >= downUntilMs) return next();
    const isLook = request.method === 'OPTIONS' || request.method === 'GET';
    if (isLook && downUntilMs === Number.POSITIVE_INFINITY) downUntilMs = performance.now() + 300;
    outgoing.destroy();
    return refusal(503, 'down');
  });
}
