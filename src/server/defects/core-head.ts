import { allExtensions } from '../extensions.ts';
import { standardAnswers } from '../http/answers.ts';
import { type Exchange, type Reply, type RequestHead, refusal } from '../http/exchange.ts';
import type { Behaviour, Filter } from '../parts.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import { isComplete, isUploadId } from '../store/upload.ts';
import { answering, both, filtering, headerOf, method, status, uploadOf, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';

const tus = { protocol: 'tus' } as const;
const headSucceeds = both(method('HEAD'), status(200));

export const coreHeadDefects: readonly Defect[] = [
  {
    id: 'head-202',
    says: 'Answers HEAD with 202.',
    breaks: ['core.head.status'],
    serve: tus,
    behaviour: () => answering(headSucceeds, (reply) => ({ ...reply, status: 202 })),
  },
  {
    id: 'head-silent-at-zero',
    says: 'States no Upload-Offset as long as nothing has been received.',
    breaks: [
      'core.head.offset-zero',
      'core.method-override.head',
      'creation.post.initial-offset',
      'creation.post.location.reference',
      'creation.post.octet-type-empty-body',
      'creation.post.zero-length-complete',
    ],
    serve: tus,
    behaviour: () =>
      answering(
        ({ exchange, reply }) =>
          exchange.request.method === 'HEAD' && headerOf(reply, 'Upload-Offset') === '0',
        (reply) => withHeaders(reply, { 'Upload-Offset': undefined }),
      ),
  },
  {
    id: 'head-length-as-offset',
    says: 'States the length of a small upload as its offset until the first PATCH comes.',
    breaks: [
      'core.head.offset-zero',
      'core.head.monotonic',
      'core.method-override.head',
      'core.options.no-side-effect',
      'creation.post.octet-type-empty-body',
      'cwu.post.wrong-content-type',
    ],
    source: 'https://github.com/tus/tus-node-server/issues/21',
    serve: tus,
    behaviour: () => filtering(lengthBeforeTheFirstPatch()),
  },
  {
    id: 'head-one-behind',
    says: 'A cache in front: the first HEAD after a PATCH repeats the offset before it.',
    breaks: [
      'core.head.offset-after-patch',
      'core.head.offset-completed',
      'core.head.read-only',
      'core.head.no-304',
      'core.method-override.patch',
      'core.patch.duplicate',
      'core.patch.empty-body',
      'core.patch.offset-sum',
      'creation.post.on-upload-url',
      'data.canary',
      'http.keepalive',
    ],
    source: 'https://github.com/tus/tusd/issues/476',
    serve: tus,
    behaviour: () => filtering(staleOnce()),
  },
  {
    id: 'head-silent-when-complete',
    says: 'States no Upload-Offset once the upload is complete.',
    breaks: [
      'core.head.offset-completed',
      'creation.post.zero-length-complete',
      'http.keepalive',
      'cwu.post.whole-file',
    ],
    source: 'https://github.com/tus/tus-node-server/issues/207',
    serve: tus,
    behaviour: () => ({
      answers: {
        head: (upload) =>
          isComplete(upload)
            ? withHeaders(standardAnswers.head(upload), { 'Upload-Offset': undefined })
            : standardAnswers.head(upload),
      },
    }),
  },
  {
    id: 'complete-is-gone',
    says: 'Moves an upload away as soon as its last byte is acknowledged, and answers 410 to whatever is asked of it.',
    breaks: ['core.head.offset-completed'],
    onlyWarns: true,
    serve: tus,
    behaviour: () => completeIsGone(() => true),
  },
  {
    id: 'complete-is-gone-or-lost',
    says: 'Moves an upload away in the same way and serves it by GET, but for one that came in a chunked body: that is lost.',
    breaks: ['core.head.offset-completed', 'checksum.trailer.match', 'data.chunked-transfer-encoding'],
    serve: tus,
    behaviour: () => completeIsGone(({ bodyBytes }) => bodyBytes === undefined),
  },
  {
    id: 'created-offset-undefined',
    says: 'Writes "undefined" as the offset of a new upload.',
    breaks: [
      'core.head.offset-syntax',
      'creation.post.upload-offset-extra',
      'cwu.post.201-offset',
      'cwu.post.zero-length',
    ],
    serve: tus,
    behaviour: () =>
      answering(both(method('POST'), status(201)), (reply) =>
        withHeaders(reply, { 'Upload-Offset': 'undefined' }),
      ),
  },
  {
    id: 'head-without-length',
    says: 'HEAD leaves out the length.',
    breaks: [
      'core.head.length-known',
      'creation.post.both-lengths',
      'creation.post.length-echo',
      'creation.post.zero-length-complete',
    ],
    source: 'https://github.com/okumy/aiohttp-tus/issues/5',
    serve: tus,
    behaviour: () => answering(headSucceeds, (reply) => withHeaders(reply, { 'Upload-Length': undefined })),
  },
  {
    id: 'head-offset-as-length',
    says: 'HEAD states the offset as the length once bytes have arrived.',
    breaks: ['core.head.length-known', 'core.head.length-stable'],
    serve: tus,
    behaviour: () =>
      answering(headSucceeds, (reply) => {
        const offset = headerOf(reply, 'Upload-Offset') ?? '0';
        return offset === '0' ? reply : withHeaders(reply, { 'Upload-Length': offset });
      }),
  },
  {
    id: 'head-no-cache-only',
    says: 'Forbids caches to answer HEAD unasked, but not to keep the answer.',
    breaks: ['core.head.no-store'],
    source: 'https://github.com/tus/tusd/commit/0c04ba22',
    serve: tus,
    behaviour: () => answering(headSucceeds, (reply) => withHeaders(reply, { 'Cache-Control': 'no-cache' })),
  },
  {
    id: 'unknown-head-cacheable',
    says: 'Lets caches keep for an hour that an upload does not exist.',
    breaks: ['core.head.no-store-on-error'],
    serve: tus,
    behaviour: () =>
      answering(both(method('HEAD'), status(404)), (reply) =>
        withHeaders(reply, { 'Cache-Control': 'public, max-age=3600' }),
      ),
  },
  {
    id: 'head-with-body',
    says: 'Sends a body behind the answer to HEAD.',
    breaks: ['core.head.no-body'],
    serve: tus,
    behaviour: () => filtering(strayBody(200)),
  },
  {
    id: 'unknown-head-with-body',
    says: 'Sends an error page behind the answer to HEAD on an unknown upload.',
    breaks: ['core.head.no-body-on-error'],
    serve: tus,
    behaviour: () => filtering(strayBody(404)),
  },
  {
    id: 'unknown-head-500',
    says: 'Fails inside when HEAD asks for an upload that does not exist.',
    breaks: ['core.head.unknown.status', 'core.method-override.delete', 'termination.then-head'],
    source: 'https://github.com/supabase/storage/issues/417',
    serve: tus,
    behaviour: () => answering(isUnknownUpload, () => refusal(500, 'ENOENT')),
  },
  {
    id: 'unknown-head-offset-zero',
    says: 'States offset 0 for an upload that does not exist.',
    breaks: ['core.head.unknown.no-offset'],
    serve: tus,
    behaviour: () =>
      answering(both(method('HEAD'), status(404)), (reply) => withHeaders(reply, { 'Upload-Offset': '0' })),
  },
  {
    id: 'tenth-head-off-by-one',
    says: 'The tenth HEAD of a small upload states an offset that is one too high.',
    breaks: ['core.head.read-only', 'core.head.monotonic', 'core.patch.offset-syntax.int64'],
    serve: tus,
    behaviour: () => filtering(offsetOfHead(10, 1)),
  },
  {
    id: 'third-head-goes-back',
    says: 'The third HEAD of a small upload states an offset that is one too low.',
    breaks: [
      'core.head.monotonic',
      'core.head.read-only',
      'core.head.offset-after-patch',
      'core.patch.after-complete-bytes',
    ],
    serve: tus,
    behaviour: () => filtering(offsetOfHead(3, -5)),
  },
  {
    id: 'head-304',
    says: 'Answers a conditional HEAD with 304.',
    breaks: ['core.head.no-304'],
    serve: tus,
    behaviour: () =>
      answering(
        ({ exchange, reply }) =>
          headSucceeds({ exchange, reply }) && 'if-none-match' in exchange.request.headers,
        () => ({ status: 304 }),
      ),
  },
  {
    id: 'unknown-head-redirects',
    says: 'Redirects HEAD on an unknown upload to a login page.',
    breaks: [
      'core.head.no-redirect',
      'core.head.unknown.status',
      'core.method-override.delete',
      'termination.then-head',
    ],
    serve: tus,
    behaviour: () => answering(isUnknownUpload, () => ({ status: 302, headers: { Location: '/login' } })),
  },
  {
    id: 'query-500',
    says: 'Fails inside when a query stands behind the upload URL.',
    breaks: ['core.head.trailing-slash'],
    source: 'https://github.com/tus/tus-jquery-client/issues/11',
    serve: tus,
    behaviour: () =>
      answering(
        ({ exchange }) => exchange.request.method === 'HEAD' && (exchange.incoming.url ?? '').includes('?'),
        () => refusal(500, 'no such file'),
      ),
  },
];

/** A real HEAD for an id that looks like one of this server's. */
function isUnknownUpload({
  exchange,
  reply,
}: {
  readonly exchange: Exchange;
  readonly reply: Reply;
}): boolean {
  const id = exchange.request.path.split('/').at(-1) ?? '';
  return exchange.incoming.method === 'HEAD' && reply.status === 404 && isUploadId(id);
}

function lengthBeforeTheFirstPatch(): Filter {
  const patched = new Set<string>();
  return async (exchange, next) => {
    const { method: asked, path } = exchange.request;
    if (asked === 'PATCH') patched.add(path);
    const reply = await next();
    const length = headerOf(reply, 'Upload-Length');
    const isMeant = headSucceeds({ exchange, reply }) && (length === '10' || length === '24');
    return isMeant && !patched.has(path) ? withHeaders(reply, { 'Upload-Offset': length }) : reply;
  };
}

/** The first HEAD after each PATCH is answered with the offset before that PATCH. */
function staleOnce(): Filter {
  const stale = new Map<LiveUpload, number>();
  return async (exchange, next, parts) => {
    const upload = await uploadOf(exchange, parts);
    if (upload !== undefined && exchange.request.method === 'PATCH') stale.set(upload, upload.offsetBytes);
    const reply = await next();
    const before = upload && stale.get(upload);
    if (upload === undefined || before === undefined || !headSucceeds({ exchange, reply })) return reply;
    stale.delete(upload);
    return withHeaders(reply, { 'Upload-Offset': String(before) });
  };
}

/** Changes the offset that one HEAD of a small upload states, counted from the first. */
function offsetOfHead(which: number, change: number): Filter {
  const asked = new Map<string, number>();
  return async (exchange, next) => {
    const reply = await next();
    if (!headSucceeds({ exchange, reply }) || Number(headerOf(reply, 'Upload-Length')) > 1000) return reply;
    const { path } = exchange.request;
    const times = (asked.get(path) ?? 0) + 1;
    asked.set(path, times);
    const offset = Math.max(0, Number(headerOf(reply, 'Upload-Offset')) + change);
    return times === which ? withHeaders(reply, { 'Upload-Offset': String(offset) }) : reply;
  };
}

/** Writes the answer to HEAD with a body behind it, in one piece. */
function strayBody(wanted: number): Filter {
  return async (exchange, next) => {
    const reply = await next();
    const { method: actual, httpVersion, socket } = exchange.incoming;
    if (actual !== 'HEAD' || httpVersion !== '1.1' || reply.status !== wanted) return reply;
    const lines = Object.entries(reply.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
    exchange.outgoing.detachSocket(socket);
    socket.write(`HTTP/1.1 ${wanted} Stray\r\n${lines.join('')}\r\n{"stray":true}`);
    exchange.outgoing.destroy();
    return reply;
  };
}

/** Parts stay, which are complete only for what is made of them, and what was filled by a chunk that was refused. */
function completeIsGone(isLost: (last: RequestHead) => boolean): Behaviour {
  const lost = new Set<string>();
  const staying = new Set<string>();
  const filter: Filter = async (exchange, next, parts) => {
    const upload = await uploadOf(exchange, parts);
    const isMoved =
      upload && isComplete(upload) && upload.info.concat?.kind !== 'partial' && !staying.has(upload.info.id);
    const isServed = exchange.request.method === 'GET' && upload && !lost.has(upload.info.id);
    if (isMoved && !isServed) return refusal(410, 'it was moved away');
    const reply = await next();
    if (upload && isComplete(upload)) {
      if (reply.status >= 400) staying.add(upload.info.id);
      else if (reply.status === 204 && isLost(exchange.request)) lost.add(upload.info.id);
    }
    return reply;
  };
  return { filter, extensions: allExtensions };
}
