import { OFFSET_OCTET_STREAM } from '../../protocol/headers.ts';
import { standardExtensions } from '../extensions.ts';
import { type Exchange, type RequestHead, refusal } from '../http/exchange.ts';
import { type Receive, receive } from '../http/receive.ts';
import type { Behaviour } from '../parts.ts';
import { carriesData, rulesOf } from '../rules.ts';
import { roomBytes } from '../store/upload.ts';
import { answering, both, filtering, refusing, status, withHeaders, writing } from './changes.ts';
import type { Defect } from './defect.ts';

const serve = { protocol: 'tus' } as const;
const limited = { ...serve, maxSizeBytes: 16 * 1024 * 1024 };

/** A creation of that length with bytes of the file. */
const brings =
  (lengthBytes: number) =>
  ({ request }: Pick<Exchange, 'request'>) =>
    request.method === 'POST' &&
    carriesData(request) &&
    request.headers['upload-length'] === String(lengthBytes) &&
    (request.bodyBytes ?? 0) > 0;

const answeringTo = (lengthBytes: number, changes: Readonly<Record<string, string>>) =>
  answering(
    both(({ exchange }) => brings(lengthBytes)(exchange), status(201)),
    (reply) => withHeaders(reply, changes),
  );

/** Stores no more of the bytes that come with creations of that length. */
function takingOnly(lengthBytes: number, mostBytes: number): Behaviour {
  const stingy: Receive = async (job) => {
    const ending = await receive({ ...job, roomBytes: mostBytes });
    return ending.kind === 'overrun' ? { kind: 'whole' } : ending;
  };
  return {
    extensions: standardExtensions.map((each) =>
      each.name === 'creation-with-upload'
        ? { ...each, receive: (exchange) => (brings(lengthBytes)(exchange) ? stingy : undefined) }
        : each,
    ),
  };
}

const withType = (request: RequestHead, type: string): RequestHead => ({
  ...request,
  headers: { ...request.headers, 'content-type': type },
});

export const creationWithUploadDefects: readonly Defect[] = [
  {
    id: 'creation-bytes-ignored',
    says: 'Lists creation-with-upload, and does not look at the bytes of a creation of 100 bytes.',
    breaks: ['cwu.advertised', 'cwu.post.201-offset', 'cwu.post.as-much-as-possible'],
    serve,
    behaviour: () =>
      filtering(async (exchange, next) =>
        brings(100)(exchange) ? next({ request: withType(exchange.request, 'none/none') }) : next(),
      ),
  },
  {
    id: 'creation-bytes-taken-unlisted',
    says: 'Stores the bytes of a creation, lists no creation-with-upload, and does not tell of them.',
    breaks: ['cwu.advertised', 'cwu.post.unadvertised-body', 'core.options.unadvertised'],
    serve,
    behaviour: () =>
      filtering(async (exchange, next) => {
        const reply = await next();
        if (exchange.request.method === 'OPTIONS')
          return withHeaders(reply, { 'Tus-Extension': 'creation,termination' });
        return brings(100)(exchange) ? withHeaders(reply, { 'Upload-Offset': undefined }) : reply;
      }),
  },
  {
    id: 'creation-bytes-200',
    says: 'Answers 200 to a creation that brings bytes along.',
    breaks: ['cwu.post.201-offset'],
    serve,
    behaviour: () =>
      answering(
        both(({ exchange }) => brings(100)(exchange), status(201)),
        (reply) => ({ ...reply, status: 200 }),
      ),
  },
  {
    id: 'creation-offset-untrue',
    says: 'States another offset to the creation than to HEAD.',
    breaks: ['cwu.post.offset-true'],
    serve,
    behaviour: () => answeringTo(100, { 'Upload-Offset': '4' }),
  },
  {
    id: 'creation-takes-nothing',
    says: 'Takes none of the bytes that it could take.',
    breaks: ['cwu.advertised', 'cwu.post.as-much-as-possible'],
    serve,
    behaviour: () => takingOnly(100, 0),
  },
  {
    id: 'creation-never-whole',
    says: 'Leaves the last byte of a file that came with its creation.',
    breaks: ['cwu.post.whole-file'],
    source: 'https://github.com/s3rius/rustus/issues/93',
    serve,
    behaviour: () => takingOnly(24, 23),
  },
  {
    id: 'creation-rest-shifted',
    says: 'Loses the first byte of the chunk behind a creation with 100,001 bytes.',
    breaks: ['cwu.post.then-patch'],
    serve,
    behaviour: () =>
      writing((writer) => ({
        ...writer,
        write: (pieces, positionBytes) =>
          writer.write(positionBytes === 100_001 ? zeroFirst(pieces) : pieces, positionBytes),
      })),
  },
  {
    id: 'creation-takes-any-type',
    says: 'Takes text that comes with a creation for the file.',
    breaks: ['cwu.post.wrong-content-type'],
    serve,
    behaviour: () =>
      filtering(async (exchange, next) => {
        const { request } = exchange;
        const isText = request.method === 'POST' && request.headers['content-type'] === 'text/plain';
        return isText ? next({ request: withType(request, OFFSET_OCTET_STREAM) }) : next();
      }),
  },
  {
    id: 'creation-takes-too-much',
    says: 'Stores more with a creation of 3 bytes than it declares.',
    breaks: ['cwu.post.exceed-length'],
    serve,
    behaviour: takingTooMuch,
  },
  {
    id: 'creation-empty-body-refused',
    says: 'Refuses a creation of 5 bytes that names the media type of the file and brings nothing.',
    breaks: ['cwu.post.zero-length'],
    serve,
    behaviour: () =>
      refusing(({ request }) =>
        request.method === 'POST' &&
        carriesData(request) &&
        request.bodyBytes === 0 &&
        request.headers['upload-length'] === '5'
          ? refusal(400, 'the body is empty')
          : undefined,
      ),
  },
  {
    id: 'creation-never-invites',
    says: 'Never asks for the body of a creation, though the client waits to be asked.',
    breaks: ['cwu.post.expect-continue'],
    serve,
    behaviour: () =>
      filtering(async (exchange, next) => next(isExpecting(exchange) ? { invite: () => {} } : {})),
  },
  {
    id: 'creation-refused-behind-body',
    says: 'Waits for the body of a creation that it will refuse.',
    breaks: ['cwu.post.expect-early-reject'],
    serve: limited,
    behaviour: () =>
      filtering(async (exchange, next) => {
        const isTooLong = Number(exchange.request.headers['upload-length']) > limited.maxSizeBytes;
        if (isExpecting(exchange) && isTooLong) await bodyOf(exchange);
        return next();
      }),
  },
  {
    id: 'creation-cut-for-good',
    says: 'Refuses to create again what broke off.',
    breaks: ['cwu.post.disconnect'],
    serve,
    behaviour: cutForGood,
  },
];

function isExpecting({ request }: Exchange): boolean {
  return request.method === 'POST' && 'expect' in request.headers;
}

/** Resolves when the whole body has come. */
function bodyOf({ body }: Exchange): Promise<void> {
  return new Promise((resolve) => {
    body.listen({ data: () => {}, end: resolve, broken: resolve });
  });
}

function zeroFirst(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const [first, ...others] = pieces;
  return first === undefined ? pieces : [Buffer.concat([Buffer.alloc(1), first.subarray(1)]), ...others];
}

function takingTooMuch(): Behaviour {
  const standard = rulesOf(serve);
  const isMeant = (length: string | undefined) => length === '3';
  return {
    rules: {
      create: {
        bodyFits: (facts) =>
          isMeant(facts.request.headers['upload-length']) ? undefined : standard.create.bodyFits(facts),
      },
      body: {
        roomBytes: (upload) => (upload.info.lengthBytes === 3 ? Number.MAX_SAFE_INTEGER : roomBytes(upload)),
      },
    },
  };
}

/** Remembers the names of creations whose bytes have not all come, and never forgets one that broke off. */
function cutForGood(): Behaviour {
  const begun = new Set<string>();
  return filtering(async (exchange, next) => {
    const { method: name, headers } = exchange.request;
    const metadata = headers['upload-metadata'];
    if (name !== 'POST' || metadata === undefined) return next();
    if (begun.has(metadata)) return refusal(500, 'it is there, and it is not');
    if (carriesData(exchange.request)) begun.add(metadata);
    const reply = await next();
    if (reply.status === 201) begun.delete(metadata);
    return reply;
  });
}
