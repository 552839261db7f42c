import { randomUUID } from 'node:crypto';
import { encodeMetadata, parseMetadata } from '../../protocol/headers.ts';
import { type Exchange, type Reply, type RequestHead, refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import { filtering, headerOf, refusing, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';

const serve = { protocol: 'pulse-v1' } as const;

/** What the scenarios declare, so that each mistake is seen by them alone. */
const FORBIDDEN_BYTES = 41;
const NO_KIND_BYTES = 43;
const LISTED_BYTES = 46;
const EITHER_BYTES = 47;
const NAMED_BYTES = 48;

export type Pairs = Readonly<Record<string, string>>;

/** What a creation says of its artifact, in words; undefined for every other request. */
export function pairsOf({ method, headers }: RequestHead): Pairs | undefined {
  if (method !== 'POST' || headers['upload-length'] === undefined) return undefined;
  const parsed = parseMetadata(headers['upload-metadata'] ?? '') ?? {};
  return Object.fromEntries(
    Object.entries(parsed).map(([key, value]) => [key, Buffer.from(value).toString('utf8')]),
  );
}

/** Creations are taken as if their metadata were these; undefined leaves them as they are. */
export function reading(change: (pairs: Pairs, sizeBytes: number) => Pairs | undefined): Behaviour {
  return filtering(async ({ request }, next) => {
    const pairs = pairsOf(request);
    const changed = pairs && change(pairs, Number(request.headers['upload-length']));
    if (changed === undefined) return next();
    const headers = { ...request.headers, 'upload-metadata': encodeMetadata(changed) };
    return next({ request: { ...request, headers } } satisfies Partial<Exchange>);
  });
}

/** Creations are refused, or fail, where the decision says so. */
export function refusingPairs(decide: (pairs: Pairs, sizeBytes: number) => Reply | undefined): Behaviour {
  return refusing(({ request }) => {
    const pairs = pairsOf(request);
    return pairs && decide(pairs, Number(request.headers['upload-length']));
  });
}

const failing = (isMeant: (pairs: Pairs, sizeBytes: number) => boolean) => () =>
  refusingPairs((pairs, sizeBytes) =>
    isMeant(pairs, sizeBytes) ? refusal(500, 'that went wrong') : undefined,
  );

const refusingWhere = (isMeant: (pairs: Pairs, sizeBytes: number) => boolean) => () =>
  refusingPairs((pairs, sizeBytes) =>
    isMeant(pairs, sizeBytes) ? refusal(400, 'not like this') : undefined,
  );

/** Takes what it should refuse, by reading something else. */
const lenient = (change: (pairs: Pairs) => Pairs | undefined) => () =>
  reading((pairs, sizeBytes) => (sizeBytes === FORBIDDEN_BYTES ? change(pairs) : undefined));

export const v1MetadataDefects: readonly Defect[] = [
  {
    id: 'v1-nothing-needed',
    says: 'Makes up what it needs where there are no metadata at all.',
    breaks: ['v1.meta.missing'],
    serve,
    behaviour: lenient((pairs) =>
      Object.keys(pairs).length === 0 ? { artifactId: randomUUID(), filename: 'a.mp4' } : undefined,
    ),
  },
  {
    id: 'v1-id-made-up',
    says: 'Makes up an id where there is none.',
    breaks: ['v1.meta.artifact-id.required'],
    serve,
    behaviour: lenient((pairs) =>
      pairs.filename !== undefined && pairs.artifactId === undefined
        ? { ...pairs, artifactId: randomUUID() }
        : undefined,
    ),
  },
  {
    id: 'v1-id-cut',
    says: 'Takes the first 36 characters of an id.',
    breaks: ['v1.meta.artifact-id.uuid'],
    serve,
    behaviour: lenient(({ artifactId = '', ...pairs }) =>
      artifactId.length > 36 ? { ...pairs, artifactId: artifactId.slice(0, 36) } : undefined,
    ),
  },
  {
    id: 'v1-no-project-alias',
    says: 'Does not know projectid.',
    breaks: ['v1.meta.alias'],
    serve,
    behaviour: refusingWhere(({ projectid }) => projectid !== undefined),
  },
  {
    id: 'v1-file-name-made-up',
    says: 'Calls a file without a name video.mp4.',
    breaks: ['v1.meta.filename.required'],
    serve,
    behaviour: lenient((pairs) =>
      pairs.artifactId !== undefined && pairs.filename === undefined
        ? { ...pairs, filename: 'video.mp4' }
        : undefined,
    ),
  },
  {
    id: 'v1-first-ending-counts',
    says: 'Takes a program whose name has .mp4 before its ending.',
    breaks: ['v1.meta.filename.extension'],
    serve,
    behaviour: lenient(({ filename = '', ...pairs }) =>
      filename.endsWith('.mp4.exe') ? { ...pairs, filename: filename.replace(/\.exe$/, '') } : undefined,
    ),
  },
  {
    id: 'v1-jpeg-missing',
    says: 'Lists .jpeg for thumbnails, and refuses it.',
    breaks: ['v1.meta.filename.each-allowed'],
    serve,
    behaviour: refusingWhere(({ filename = '' }) => filename.endsWith('.jpeg')),
  },
  {
    id: 'v1-capitals-fail',
    says: 'Fails at an ending in capitals.',
    breaks: ['v1.meta.filename.case'],
    serve,
    behaviour: failing(({ filename = '' }) => filename.endsWith('.MP4')),
  },
  {
    id: 'v1-name-is-a-path',
    says: 'Fails at file names that are no path.',
    breaks: ['v1.meta.filename.not-a-path'],
    serve,
    behaviour: failing(
      ({ filename = '' }, sizeBytes) => sizeBytes === EITHER_BYTES && filename.includes('\0'),
    ),
  },
  {
    id: 'v1-kind-needed',
    says: 'Refuses a creation without a kind.',
    breaks: ['v1.meta.kind.default'],
    serve,
    behaviour: refusingWhere(({ kind }, sizeBytes) => sizeBytes === NO_KIND_BYTES && kind === undefined),
  },
  {
    id: 'v1-captions-unknown',
    says: 'Lists captions, and refuses them.',
    breaks: ['v1.meta.kind.values', 'v1.meta.filename.each-allowed'],
    serve,
    behaviour: refusingWhere(({ kind }, sizeBytes) => sizeBytes === LISTED_BYTES && kind === 'captions'),
  },
  {
    id: 'v1-unknown-kind-fails',
    says: 'Fails at a kind that it does not know.',
    breaks: ['v1.meta.kind.unknown'],
    serve,
    behaviour: failing(({ kind }) => kind === 'zzz'),
  },
  {
    id: 'v1-relation-fails',
    says: 'Fails at a relatedTo that is no UUID.',
    breaks: ['v1.meta.related-to.invalid'],
    serve,
    behaviour: failing(({ relatedTo }) => relatedTo === 'zz'),
  },
  {
    id: 'v1-checksum-without-value-fails',
    says: 'Fails at a checksum without a value.',
    breaks: ['v1.meta.checksum.syntax'],
    serve,
    behaviour: failing(({ checksum }) => checksum !== undefined && !checksum.includes(':')),
  },
  {
    id: 'v1-name-in-latin',
    says: 'Repeats an accented name in another encoding.',
    breaks: ['v1.meta.name.utf8'],
    serve,
    behaviour: () =>
      filtering(async ({ request }, next) => {
        const reply = await next();
        const isMeant = request.method === 'HEAD' && headerOf(reply, 'Upload-Length') === String(NAMED_BYTES);
        const echo = isMeant ? headerOf(reply, 'Upload-Metadata') : undefined;
        const { name, ...others } =
          pairsOf({
            ...request,
            method: 'POST',
            headers: { 'upload-length': '0', 'upload-metadata': echo ?? '' },
          }) ?? {};
        if (name === undefined || headerOf(reply, 'Upload-Length') !== String(NAMED_BYTES)) return reply;
        const garbled = Buffer.from(name, 'utf8').toString('latin1');
        return withHeaders(reply, { 'Upload-Metadata': encodeMetadata({ ...others, name: garbled }) });
      }),
  },
  {
    id: 'v1-name-is-json',
    says: 'Reads a name as JSON, and refuses a kind that it does not know there.',
    breaks: ['v1.meta.name.inert'],
    serve,
    behaviour: refusingWhere(({ name }) => name?.startsWith('{') === true),
  },
  {
    id: 'v1-name-is-an-id',
    says: 'Removes the artifact whose id is the name of a new one.',
    breaks: ['v1.meta.name.inert'],
    serve,
    behaviour: () =>
      filtering(async ({ request }, next, { uploads }) => {
        const named = await uploads.find(pairsOf(request)?.name ?? '');
        if (named !== undefined) await uploads.remove(named);
        return next();
      }),
  },
  {
    id: 'v1-long-name-fails',
    says: 'Fails at a name of more than a thousand units.',
    breaks: ['v1.meta.name.capped'],
    serve,
    behaviour: failing(({ name = '' }, sizeBytes) => sizeBytes === NAMED_BYTES && name.length > 1000),
  },
  {
    id: 'v1-own-keys-refused',
    says: 'Refuses keys that it does not know.',
    breaks: ['v1.meta.unknown-keys'],
    serve,
    behaviour: refusingWhere((pairs) => Object.hasOwn(pairs, 'x-foo')),
  },
];
