import { Readable } from 'node:stream';
import { TUS_VERSION } from '../../protocol/headers.ts';
import {
  type ConcatenationDecisions,
  concatenation,
  standardConcatenation,
} from '../extensions/concatenation.ts';
import { allExtensions } from '../extensions.ts';
import { type Exchange, type Reply, refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import { isComplete } from '../store/upload.ts';
import { lettingIn } from './authorisation.ts';
import { answering, both, filtering, headerOf, method, status, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';

const serve = { protocol: 'tus' } as const;

const all = (): Behaviour => ({ extensions: allExtensions });
const without = (missing: string) => allExtensions.filter(({ name }) => name !== missing);

function deciding(changes: Partial<ConcatenationDecisions>, extensions = allExtensions): Behaviour {
  const changed = concatenation(changes);
  return { extensions: extensions.map((each) => (each.name === changed.name ? changed : each)) };
}

const concatOf = ({ request }: Exchange) => request.headers['upload-concat'] ?? '';
const creates = (isMeant: (concat: string, exchange: Exchange) => boolean) =>
  both(method('POST'), ({ exchange }) => isMeant(concatOf(exchange), exchange));
const isFinal = (concat: string) => concat.startsWith('final;');

/** HEAD on a final upload. */
const headOfFinal = both(method('HEAD'), ({ reply }) => isFinal(headerOf(reply, 'Upload-Concat') ?? ''));
const unjoined = both(headOfFinal, ({ reply }) => headerOf(reply, 'Upload-Offset') === undefined);

const onHead =
  (isMeant: Parameters<typeof answering>[0], changes: (reply: Reply) => Record<string, string | undefined>) =>
  (): Behaviour => ({ ...all(), ...answering(isMeant, (reply) => withHeaders(reply, changes(reply))) });

/** Creations that are meant go on as another request, and HEAD on what they made says something else. */
function takingFor(
  isMeant: (concat: string, exchange: Exchange) => boolean,
  instead: (request: Exchange['request']) => Exchange['request'],
  told: (reply: Reply) => Record<string, string>,
): Behaviour {
  const made = new Set<string>();
  return {
    ...all(),
    ...filtering(async (exchange, next) => {
      const { request } = exchange;
      if (request.method === 'POST' && isMeant(concatOf(exchange), exchange)) {
        const reply = await next({ request: instead(request) });
        const location = headerOf(reply, 'Location');
        if (location !== undefined) made.add(location);
        return reply;
      }
      const reply = await next();
      return request.method === 'HEAD' && made.has(request.path) ? withHeaders(reply, told(reply)) : reply;
    }),
  };
}

const lacking = (request: Exchange['request'], ...names: readonly string[]): Exchange['request'] => ({
  ...request,
  headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => !names.includes(name))),
});

const PIECE_BYTES = 64 * 1024;

async function* firstPieceOf(bytes: Readable): AsyncGenerator<Uint8Array> {
  let atBytes = 0;
  for await (const piece of bytes) {
    const copied = Buffer.from(piece);
    yield copied.fill(0, Math.min(copied.length, Math.max(0, PIECE_BYTES - atBytes)));
    atBytes += copied.length;
  }
}

const parts: readonly Defect[] = [
  {
    id: 'concat-refused',
    says: 'Lists concatenation, and refuses parts of 7 bytes.',
    breaks: ['concat.advertised'],
    serve,
    behaviour: () => ({
      ...all(),
      ...answering(
        creates((concat, { request }) => concat === 'partial' && request.headers['upload-length'] === '7'),
        () => refusal(501, 'no parts here'),
      ),
    }),
  },
  {
    id: 'concat-unknown-header-500',
    says: 'Has no concatenation, and fails inside where a part is created.',
    breaks: ['concat.unsupported'],
    serve,
    behaviour: () =>
      answering(
        creates((concat) => concat !== ''),
        () => refusal(500, 'what is this'),
      ),
  },
  {
    id: 'concat-part-200',
    says: 'Answers the creation of a part with 200.',
    breaks: ['concat.partial.201'],
    serve,
    behaviour: () => ({
      ...all(),
      ...answering(
        both(
          creates((concat) => concat === 'partial'),
          status(201),
        ),
        (reply) => ({
          ...reply,
          status: 200,
        }),
      ),
    }),
  },
  {
    id: 'concat-part-unsaid',
    says: 'Does not say of a part that it is one.',
    breaks: ['concat.partial.head-concat'],
    serve,
    behaviour: onHead(
      both(method('HEAD'), ({ reply }) => headerOf(reply, 'Upload-Concat') === 'partial'),
      () => ({ 'Upload-Concat': undefined }),
    ),
  },
  {
    id: 'concat-part-without-offset',
    says: 'Tells no offset of a part.',
    breaks: ['concat.partial.head-offset'],
    serve,
    behaviour: onHead(
      both(
        method('HEAD'),
        ({ reply }) =>
          headerOf(reply, 'Upload-Offset') === '0' && headerOf(reply, 'Upload-Concat') === 'partial',
      ),
      () => ({ 'Upload-Offset': undefined }),
    ),
  },
  {
    id: 'concat-part-finalized',
    says: 'Makes a video of a part.',
    breaks: ['concat.partial.not-processed'],
    behaviour: () => ({
      ...all(),
      rules: {
        finalize: {
          complete: ({ upload }) => (isComplete(upload) ? undefined : refusal(409, 'not complete')),
        },
      },
    }),
  },
];

const finals: readonly Defect[] = [
  {
    id: 'concat-final-200',
    says: 'Answers the creation of a final upload with 200.',
    breaks: ['concat.final.201'],
    serve,
    behaviour: () => ({
      ...all(),
      ...answering(both(creates(isFinal), status(201)), (reply) => ({ ...reply, status: 200 })),
    }),
  },
  {
    id: 'concat-list-unsaid',
    says: 'Says that an upload is final, and leaves out the first of its parts.',
    breaks: ['concat.final.head-concat'],
    serve,
    behaviour: onHead(headOfFinal, (reply) => ({
      'Upload-Concat': headerOf(reply, 'Upload-Concat')?.replace(/;\S+ /, ';'),
    })),
  },
  {
    id: 'concat-length-wrong',
    says: 'Counts a byte between two parts in offset and length.',
    breaks: ['concat.final.length-sum', 'concat.final.patch-unmodified', 'concat.final.unfinished-accepted'],
    serve,
    behaviour: onHead(
      both(headOfFinal, ({ reply }) => headerOf(reply, 'Upload-Offset') !== undefined),
      (reply) => {
        const counted = String(Number(headerOf(reply, 'Upload-Offset')) + 1);
        return { 'Upload-Length': counted, 'Upload-Offset': counted };
      },
    ),
  },
  {
    id: 'concat-never-joined',
    says: 'Never tells the offset of a final upload without metadata.',
    breaks: ['concat.final.offset-equals-length'],
    serve,
    behaviour: onHead(
      both(headOfFinal, ({ reply }) => headerOf(reply, 'Upload-Metadata') === undefined),
      () => ({ 'Upload-Offset': undefined }),
    ),
  },
  {
    id: 'concat-sorted',
    says: 'Joins parts from the last to the first.',
    breaks: [
      'concat.final.order',
      'concat.final.reuse-partial',
      'concat.final.patch-unmodified',
      'concat.final.unfinished-accepted',
    ],
    serve,
    behaviour: () => deciding({ order: (ids) => ids.toReversed() }),
  },
  {
    id: 'concat-first-piece-of-parts',
    says: 'Copies the first 64 KiB of each part into the final upload, and leaves a hole for the rest.',
    breaks: ['concat.final.order'],
    serve,
    behaviour: () => ({
      ...all(),
      store: (store) => ({
        ...store,
        read: (upload, range) => {
          const bytes = store.read(upload, range);
          return upload.info.concat?.kind === 'partial' ? Readable.from(firstPieceOf(bytes)) : bytes;
        },
      }),
    }),
  },
  {
    id: 'concat-repeat-refused',
    says: 'Refuses a part that is listed twice.',
    breaks: ['concat.final.repeat-partial'],
    serve,
    behaviour: () =>
      deciding({
        judge: async (concat, ...rest) => {
          const ids = concat.kind === 'final' ? concat.partIds : [];
          return new Set(ids).size < ids.length
            ? refusal(400, 'a part is listed twice')
            : standardConcatenation.judge(concat, ...rest);
        },
      }),
  },
  {
    id: 'concat-reuse-500',
    says: 'Fails inside where the same parts are joined a second time.',
    breaks: ['concat.final.reuse-partial'],
    serve,
    behaviour: () => {
      const joined = new Set<string>();
      return {
        ...all(),
        ...filtering(async (exchange, next) => {
          const concat = concatOf(exchange);
          if (joined.has(concat)) return refusal(500, 'no such part');
          if (isFinal(concat) && concat.includes(' ')) joined.add(concat);
          return next();
        }),
      };
    },
  },
  {
    id: 'concat-paths-refused',
    says: 'Wants whole URLs of parts.',
    breaks: ['concat.final.relative-urls'],
    serve,
    behaviour: () =>
      deciding({
        parse: (text) => (text.startsWith('final;/') ? undefined : standardConcatenation.parse(text)),
      }),
  },
  {
    id: 'concat-metadata-inherited',
    says: 'Gives a final upload without metadata that of its parts.',
    breaks: ['concat.final.metadata-not-inherited'],
    serve,
    behaviour: onHead(
      both(headOfFinal, ({ reply }) => headerOf(reply, 'Upload-Metadata') === undefined),
      () => ({ 'Upload-Metadata': 'secret c2VjcmV0' }),
    ),
  },
  {
    id: 'concat-metadata-lost',
    says: 'Forgets the metadata of final uploads.',
    breaks: ['concat.final.metadata-own'],
    serve,
    behaviour: onHead(headOfFinal, () => ({ 'Upload-Metadata': undefined })),
  },
  {
    id: 'concat-unjoined-offset',
    says: 'Tells the offset 0 of a final upload that is not joined yet.',
    breaks: ['concat.final.offset-hidden'],
    serve,
    behaviour: onHead(unjoined, () => ({ 'Upload-Offset': '0' })),
  },
  {
    id: 'concat-unfinished-refused',
    says: 'Lists concatenation-unfinished, and refuses parts that are not complete.',
    breaks: ['concat.final.unfinished-accepted'],
    serve,
    behaviour: () => ({
      ...deciding({}, without('concatenation-unfinished')),
      ...answering(method('OPTIONS'), (reply) =>
        withHeaders(reply, {
          'Tus-Extension': `${headerOf(reply, 'Tus-Extension')},concatenation-unfinished`,
        }),
      ),
    }),
  },
  {
    id: 'concat-unjoined-length-unsaid',
    says: 'Tells the length of a final upload only once it is joined.',
    breaks: ['concat.final.length-when-calculable'],
    serve,
    behaviour: onHead(unjoined, () => ({ 'Upload-Length': undefined })),
  },
];

const refusals: readonly Defect[] = [
  {
    id: 'concat-patch-409',
    says: 'Refuses PATCH on a final upload with 409.',
    breaks: ['concat.final.patch.403'],
    serve,
    behaviour: () => ({
      ...all(),
      ...answering(both(method('PATCH'), status(403)), (reply) => ({ ...reply, status: 409 })),
    }),
  },
  {
    id: 'concat-patch-stored',
    says: 'Refuses PATCH on a final upload, and stores the byte.',
    breaks: ['concat.final.patch-unmodified'],
    serve,
    behaviour: () => {
      const patched = new Set<string>();
      return {
        ...all(),
        ...filtering(async ({ request }, next) => {
          const reply = await next();
          if (request.method === 'PATCH' && reply.status === 403) patched.add(request.path);
          const isChanged = request.method === 'GET' && patched.has(request.path);
          return isChanged ? { status: 200, body: '!ello world' } : reply;
        }),
      };
    },
  },
  {
    id: 'concat-length-believed',
    says: 'Believes the length that comes with a final upload.',
    breaks: ['concat.final.with-length'],
    serve,
    behaviour: () =>
      takingFor(
        (concat, { request }) => isFinal(concat) && 'upload-length' in request.headers,
        (request) => lacking(request, 'upload-length'),
        () => ({ 'Upload-Length': '999', 'Upload-Offset': '999' }),
      ),
  },
  {
    id: 'concat-unfinished-taken',
    says: 'Takes parts that are not complete although it does not list concatenation-unfinished.',
    breaks: ['concat.final.unfinished-refused'],
    serve,
    behaviour: () =>
      deciding(
        {
          judge: async (concat, request, server) =>
            standardConcatenation.judge(concat, request, { ...server, extensions: allExtensions }),
        },
        without('concatenation-unfinished'),
      ),
  },
  {
    id: 'concat-unknown-part-500',
    says: 'Fails inside where a part does not exist or is no part.',
    breaks: ['concat.final.unknown-partial', 'concat.final.non-partial'],
    serve,
    behaviour: () => ({
      ...all(),
      ...answering(
        both(
          creates((concat) => /^final;http/.test(concat)),
          status(400),
        ),
        (reply) => (String(reply.body).includes('no partial') ? refusal(500, 'no such file') : reply),
      ),
    }),
  },
  {
    id: 'concat-of-nothing',
    says: 'Creates a final upload of no parts.',
    breaks: ['concat.final.empty-list'],
    serve,
    behaviour: () => ({
      ...all(),
      ...answering(
        creates((concat) => concat === 'final;'),
        () => ({
          status: 201,
          headers: {
            'Tus-Resumable': TUS_VERSION,
            Location: '/files/00000000-0000-4000-8000-000000000000',
          },
        }),
      ),
    }),
  },
  {
    id: 'concat-of-others',
    says: 'Joins the parts of anybody for anybody.',
    breaks: ['concat.final.other-owner'],
    serve: { protocol: 'tus', guarded: true },
    behaviour: () => ({ ...all(), ...lettingIn((exchange) => isFinal(concatOf(exchange))) }),
  },
  {
    id: 'concat-beyond-maximum',
    says: 'Does not compare the length of a final upload with its maximum.',
    breaks: ['concat.final.over-max'],
    serve: { protocol: 'tus', maxSizeBytes: 4_000_000 },
    behaviour: () =>
      deciding({
        judge: async (concat, request, server) =>
          standardConcatenation.judge(concat, request, { ...server, maxSizeBytes: undefined }),
      }),
  },
  {
    id: 'concat-with-body-counted',
    says: 'Counts the bytes that come with a final upload.',
    breaks: ['concat.final.with-body'],
    serve,
    behaviour: () =>
      takingFor(
        (concat, { request }) => isFinal(concat) && request.bodyBytes === 5,
        (request) => ({ ...lacking(request, 'content-type'), bodyBytes: 0 }),
        () => ({ 'Upload-Length': '16', 'Upload-Offset': '16' }),
      ),
  },
  {
    id: 'concat-any-value',
    says: 'Takes any value of Upload-Concat, and repeats it.',
    breaks: ['concat.invalid-value'],
    serve,
    behaviour: () =>
      takingFor(
        (concat) => concat === 'foo',
        (request) => lacking(request, 'upload-concat'),
        () => ({ 'Upload-Concat': 'foo' }),
      ),
  },
];

export const concatenationDefects: readonly Defect[] = [...parts, ...finals, ...refusals];
