import { parseByteCount } from '../../protocol/headers.ts';
import { standardAnswers } from '../http/answers.ts';
import { type Exchange, type Reply, type RequestHead, refusal } from '../http/exchange.ts';
import type { Behaviour, Filter } from '../parts.ts';
import type { UploadView } from '../store/upload.ts';
import type { Packing } from '../words.ts';
import {
  answering,
  both,
  filtering,
  headerOf,
  method,
  refusing,
  status,
  withHeaders,
  writing,
} from './changes.ts';
import { corePatchEdgeDefects } from './core-patch-edges.ts';
import { corePatchOffsetDefects } from './core-patch-offsets.ts';
import type { Defect } from './defect.ts';

const tus = { protocol: 'tus' } as const;
const taken = both(method('PATCH'), status(204));

const sending: readonly Defect[] = [
  {
    id: 'patch-200',
    says: 'Acknowledges chunks of an upload of 25 bytes with 200.',
    breaks: ['core.patch.204'],
    source: 'https://github.com/tus/tus-py-client/issues/44',
    serve: tus,
    behaviour: () => ({
      answers: {
        patched: (upload) => ({
          ...standardAnswers.patched(upload),
          status: upload.info.lengthBytes === 25 ? 200 : 204,
        }),
      },
    }),
  },
  {
    id: 'patch-silent',
    says: 'States no new offset when 4 of 25 bytes are there.',
    breaks: ['core.patch.offset-header'],
    serve: tus,
    behaviour: () => patchedAt(4, { 'Upload-Offset': undefined }),
  },
  {
    id: 'patch-one-too-many',
    says: 'Acknowledges one byte more than there is when 4 of 25 are there.',
    breaks: ['core.patch.offset-sum', 'core.patch.partial-accept'],
    source: 'https://github.com/dirkmoors/drf-tus/issues/1',
    serve: tus,
    behaviour: () => patchedAt(4, { 'Upload-Offset': '5' }),
  },
  {
    id: 'patch-with-body',
    says: 'Sends a body behind the 204, and closes the connection.',
    breaks: ['core.patch.no-content'],
    serve: tus,
    behaviour: () =>
      filtering(async (exchange, next) => {
        const reply = await next();
        if (taken({ exchange, reply })) endWithBody(exchange, reply);
        return reply;
      }),
  },
  {
    id: 'fiftieth-chunk-refused',
    says: 'Takes no more than 49 chunks of an upload.',
    breaks: ['core.patch.many-chunks'],
    source: 'https://github.com/tus/tusd/issues/1247',
    serve: tus,
    behaviour: () => {
      const chunks = new Map<string, number>();
      return refusing(({ request }) => {
        if (request.method !== 'PATCH') return undefined;
        const count = (chunks.get(request.path) ?? 0) + 1;
        chunks.set(request.path, count);
        return count === 50 ? refusal(400, 'too many parts') : undefined;
      });
    },
  },
  {
    id: 'parts-named-by-two-digits',
    says: 'Keeps chunks of one byte as files whose names have two digits, so that the hundredth and those behind it go to the wrong place.',
    breaks: ['core.patch.many-chunks'],
    serve: tus,
    behaviour: () =>
      writing((writer) => ({
        ...writer,
        write: (pieces, position) => {
          const isLate = position >= 100 && position < 120;
          const isByte = pieces.reduce((total, { length }) => total + length, 0) === 1;
          return writer.write(isLate && isByte ? [new Uint8Array(1)] : pieces, position);
        },
      })),
  },
  {
    id: 'body-limit-4-mib',
    says: 'Refuses bodies of more than 4 MiB.',
    breaks: ['core.patch.single-request'],
    source: 'https://github.com/tus/tusd/issues/353',
    serve: tus,
    behaviour: () =>
      refusing(({ request }) =>
        (request.bodyBytes ?? 0) > 4 * 1024 * 1024 ? refusal(413, 'request entity too large') : undefined,
      ),
  },
  {
    id: 'newest-upload-only',
    says: 'Of uploads of 27 bytes, takes chunks only for the one that was created last.',
    breaks: ['core.patch.any-upload-url'],
    serve: tus,
    behaviour: () => filtering(newestOnly()),
  },
];

const mediaTypes: readonly Defect[] = [
  {
    id: 'text-taken',
    says: 'Takes chunks of type text/plain.',
    breaks: ['core.patch.wrong-content-type.415'],
    source: 'https://github.com/ankitpokhrel/tus-php/issues/96',
    serve: tus,
    behaviour: () => taking((type) => type === 'text/plain'),
  },
  {
    id: 'untyped-taken',
    says: 'Takes chunks without a Content-Type.',
    breaks: ['core.patch.missing-content-type'],
    serve: tus,
    behaviour: () => taking((type) => type === undefined),
  },
  {
    id: 'text-refused-but-stored',
    says: 'Stores chunks of type text/plain, and then answers 415.',
    breaks: ['core.patch.content-type-not-applied'],
    serve: tus,
    behaviour: () => ({
      ...taking((type) => type === 'text/plain'),
      ...answering(
        ({ exchange, reply }) =>
          taken({ exchange, reply }) && exchange.request.headers['content-type'] === 'text/plain',
        (reply) => refusedAfterAll(reply, 415),
      ),
    }),
  },
  {
    id: 'charset-500',
    says: 'Fails inside when the media type has a parameter.',
    breaks: ['core.patch.content-type-params'],
    source: 'https://github.com/tus/tusd/issues/1253',
    serve: tus,
    behaviour: () =>
      refusing(({ request }) =>
        request.headers['content-type']?.includes('charset=') ? refusal(500, 'unknown encoding') : undefined,
      ),
  },
];

const places: readonly Defect[] = [
  {
    id: 'chunk-ahead-appended',
    says: 'Appends short chunks whose offset lies beyond the current one.',
    breaks: ['core.patch.mismatch-ahead.409', 'core.patch.mismatch-unchanged', 'http.expect-100.reject'],
    source: 'https://github.com/ankitpokhrel/tus-php/issues/43',
    serve: tus,
    behaviour: () => misplaced((offset, upload) => offset > upload.offsetBytes),
  },
  {
    id: 'chunk-behind-appended',
    says: 'Appends short chunks whose offset lies before the current one, but not at the start.',
    breaks: ['core.patch.mismatch-behind.409', 'core.patch.mismatch-unchanged'],
    source: 'https://github.com/ankitpokhrel/tus-php/issues/43',
    serve: tus,
    behaviour: () => misplaced((offset, upload) => offset > 0 && offset < upload.offsetBytes),
  },
  {
    id: 'refused-but-stored',
    says: 'Stores short chunks whose offset lies beyond the current one, and then answers 409.',
    breaks: ['core.patch.mismatch-unchanged', 'http.expect-100.reject'],
    serve: tus,
    behaviour: () => {
      const isAhead = (offset: number, upload: UploadView) => offset > upload.offsetBytes;
      const asked = new WeakSet<RequestHead>();
      return {
        ...misplaced(
          (offset, upload, request) => isAhead(offset, upload) && asked.add(request) !== undefined,
        ),
        ...answering(
          ({ exchange, reply }) => taken({ exchange, reply }) && asked.has(exchange.request),
          (reply) => refusedAfterAll(reply, 409),
        ),
      };
    },
  },
  {
    id: '409-repeats-the-offset',
    says: 'States the offset of the request in its 409, as if the upload stood there.',
    breaks: ['core.patch.mismatch-offset-hint'],
    serve: tus,
    behaviour: () =>
      answering(both(method('PATCH'), status(409)), (reply, { request }) =>
        withHeaders(reply, { 'Upload-Offset': request.headers['upload-offset'] ?? '' }),
      ),
  },
  {
    id: 'repeated-chunk-appended',
    says: 'Appends a short chunk that is sent again.',
    breaks: ['core.patch.duplicate'],
    source: 'https://github.com/giometrix/Xtensible.TusDotNet.Azure/issues/12',
    serve: tus,
    behaviour: () => filtering(appendingRepeats()),
  },
];

export const corePatchDefects: readonly Defect[] = [
  ...sending,
  ...mediaTypes,
  ...places,
  ...corePatchOffsetDefects,
  ...corePatchEdgeDefects,
];

/** A refusal that comes too late. */
function refusedAfterAll(reply: Reply, status: number): Reply {
  return { ...withHeaders(reply, { 'Upload-Offset': undefined }), status };
}

function patchedAt(offset: number, headers: Readonly<Record<string, string | undefined>>): Behaviour {
  return {
    answers: {
      patched: (upload) => {
        const reply = standardAnswers.patched(upload);
        const isThere = upload.offsetBytes === offset && upload.info.lengthBytes === 25;
        return isThere ? withHeaders(reply, headers) : reply;
      },
    },
  };
}

function newestOnly(): Filter {
  const created: string[] = [];
  return async ({ request: { method: verb, path, headers } }, next) => {
    if (verb === 'PATCH' && created.slice(0, -1).includes(path)) return refusal(404, 'no such upload');
    const reply = await next();
    const location = headers['upload-length'] === '27' ? headerOf(reply, 'Location') : undefined;
    if (location !== undefined) created.push(location);
    return reply;
  };
}

/** Chunks of some more media types are taken as they are. */
function taking(isTaken: (type: string | undefined) => boolean): Behaviour {
  const raw: Packing = { kind: 'raw' };
  const isRight = (type: string | undefined) => /^application\/offset\+octet-stream *(;|$)/i.test(type ?? '');
  return {
    rules: { parse: { packing: (type) => (isRight(type) || isTaken(type) ? raw : undefined) } },
  };
}

/** Short chunks at some wrong offsets are appended. */
function misplaced(
  isTaken: (offset: number, upload: UploadView, request: RequestHead) => boolean,
): Behaviour {
  return {
    rules: {
      patchHeld: {
        offsetMatches: ({ request, upload }) => {
          const offset = parseByteCount(request.headers['upload-offset']) ?? 0;
          const isWronglyTaken = isShort(request) && isTaken(offset, upload, request);
          if (offset === upload.offsetBytes || isWronglyTaken) return undefined;
          return refusal(409, 'not this offset');
        },
      },
    },
  };
}

/** What longer ones do to a file is asked by the defects of whole files. */
function isShort({ bodyBytes = 0 }: RequestHead): boolean {
  return bodyBytes > 0 && bodyBytes < 100;
}

/** A request with the offset and size of the one before it is moved to where the upload stands. */
function appendingRepeats(): Filter {
  const last = new Map<string, string>();
  return async (exchange, next, { uploads }) => {
    const { request } = exchange;
    if (request.method !== 'PATCH') return next();
    const offset = request.headers['upload-offset'];
    const chunk = `${offset} ${request.bodyBytes}`;
    const isRepeated = last.get(request.path) === chunk && isShort(request);
    last.set(request.path, chunk);
    const upload = isRepeated ? await uploads.find(request.path.split('/').at(-1) ?? '') : undefined;
    if (upload === undefined) return next();
    const headers = { ...request.headers, 'upload-offset': String(upload.offsetBytes) };
    return next({ request: { ...request, headers } });
  };
}

/** Writes the whole connection's last answer by hand: Node itself sends no body with 204. */
export function endWithBody({ incoming, outgoing }: Exchange, { headers }: Reply): void {
  const lines = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
  const { socket } = incoming;
  outgoing.detachSocket(socket);
  socket.end(`HTTP/1.1 204 No Content\r\n${lines.join('')}Connection: close\r\n\r\n{"stored":true}`);
  outgoing.destroy();
}
