import { artifactOf } from '../artifact.ts';
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
} from '../defects/changes.ts';
import type { Variation } from '../defects/defect.ts';
import { inText } from '../defects/v1-authorisation.ts';
import { pairsOf, reading, refusingPairs } from '../defects/v1-metadata.ts';
import { checksum, checksumTrailer } from '../extensions/checksum.ts';
import { concatenation } from '../extensions/concatenation.ts';
import { creationDeferLength } from '../extensions/creation-defer-length.ts';
import { expiration } from '../extensions/expiration.ts';
import { allExtensions, standardExtensions } from '../extensions.ts';
import { refusal } from '../http/exchange.ts';
import { isUploadId } from '../store/upload.ts';
import { beginsLikeVideo } from './begins-like-video.ts';

const HOUR_MS = 3_600_000;

/** What servers of protocol v1 do in another way than the reference, and may. */
export const v1Variations: readonly Variation[] = [
  {
    id: 'v1-last-segment',
    says: 'Takes the last segment of the path for the id, whatever stands before it, for the token and for the upload alike.',
    serve: { protocol: 'pulse-v1', guarded: true, bound: true },
    behaviour: () =>
      filtering(async ({ request }, next) => {
        const [, id] = /^\/upload\/.*?([^/]+)\/*$/.exec(request.path) ?? [];
        return id === undefined ? next() : next({ request: { ...request, path: `/upload/${id}` } });
      }),
  },
  {
    id: 'v1-artifact-id-before-aliases',
    says: 'Heeds artifactId alone where an alias stands beside it.',
    serve: { protocol: 'pulse-v1', guarded: true, bound: true },
    behaviour: () =>
      reading(({ videoid, projectid, ...others }) =>
        others.artifactId !== undefined && (videoid ?? projectid) !== undefined ? others : undefined,
      ),
  },
  {
    id: 'v1-tus-errors-as-text',
    says: 'Says in plain text what tus refuses, and in JSON what the protocol itself does.',
    serve: { protocol: 'pulse-v1', guarded: true },
    behaviour: () =>
      answering(
        ({ exchange, reply }) =>
          exchange.request.path.startsWith('/upload') &&
          [400, 404, 409, 412, 413, 415, 422].includes(reply.status),
        inText('refused'),
      ),
  },
  {
    id: 'v1-metadata-before-token',
    says: 'Refuses metadata that names no artifact with 400, whether there is a token or not.',
    serve: { protocol: 'pulse-v1', guarded: true },
    behaviour: () =>
      answering(
        ({ exchange: { request }, reply }) =>
          request.method === 'POST' &&
          (reply.status === 401 || reply.status === 403) &&
          'status' in artifactOf(request.headers['upload-metadata']),
        (reply) => ({ ...withHeaders(reply, { 'WWW-Authenticate': undefined }), status: 400 }),
      ),
  },
  {
    id: 'v1-options-for-nobody',
    says: 'Refuses OPTIONS to everyone, as the reference implementation of v1 does where it asks for tokens, and offers every extension.',
    serve: { protocol: 'pulse-v1', guarded: true, bound: true },
    behaviour: () => ({
      extensions: [...allExtensions, expiration(HOUR_MS)],
      ...refusing(({ request }) => (request.method === 'OPTIONS' ? refusal(403, 'not for you') : undefined)),
    }),
  },
  {
    id: 'v1-refuses-what-is-unspecified',
    says: 'Refuses endings in capitals, file names that are paths, and a relatedTo or checksum that is malformed.',
    serve: { protocol: 'pulse-v1' },
    behaviour: () =>
      refusingPairs(({ filename = '', relatedTo, checksum }) =>
        /[A-Z]|\/|\0|.{1000}/.test(filename) ||
        (relatedTo !== undefined && !isUploadId(relatedTo.toLowerCase())) ||
        (checksum !== undefined && !/^(sha256|sha1|md5):[0-9a-f]{32,}$/i.test(checksum))
          ? refusal(400, 'not like this')
          : undefined,
      ),
  },
  {
    id: 'v1-unknown-kinds-are-videos',
    says: 'Takes an unknown kind for a video, as the reference implementation of v1 does.',
    serve: { protocol: 'pulse-v1' },
    behaviour: () => reading(({ kind, ...pairs }) => (kind === 'zzz' ? pairs : undefined)),
  },
  {
    id: 'v1-gone-and-taken-in-other-words',
    says: 'Answers 410 to HEAD of what is gone, and 400 to a creation of what it has said to be created.',
    serve: { protocol: 'pulse-v1' },
    behaviour: () => {
      // A creation that broke off may be repeated, and a client that meets 400 then would give up.
      const said = new Set<string | undefined>();
      return answering(
        ({ exchange: { request }, reply: { status: answered } }) => {
          const { method: asked, headers } = request;
          if (asked === 'POST' && answered === 201) said.add(headers['upload-metadata']);
          if (asked === 'HEAD') return answered === 404;
          return asked === 'POST' && answered === 409 && said.has(headers['upload-metadata']);
        },
        (reply) => ({ ...reply, status: reply.status === 404 ? 410 : 400 }),
      );
    },
  },
  {
    id: 'v1-artifacts-without-tus',
    says: 'Speaks tus where uploads are, and not where artifacts are served and withdrawn, as the reference implementation of v1 does.',
    serve: { protocol: 'pulse-v1' },
    behaviour: () =>
      answering(
        ({ exchange }) => exchange.request.path.startsWith('/artifacts'),
        (reply) => withHeaders(reply, { 'Tus-Resumable': undefined }),
      ),
  },
  {
    id: 'v1-artifacts-when-finished',
    says: 'Knows no artifact before it is finished, also where it is to be removed: until then it is cancelled by its upload URL.',
    serve: { protocol: 'pulse-v1' },
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const { method: asked, path } = exchange.request;
        const isMeant = asked === 'DELETE' && path.startsWith('/artifacts/');
        const upload = isMeant ? await uploadOf(exchange, parts) : undefined;
        return upload !== undefined && upload.finished === undefined
          ? refusal(404, 'no such artifact')
          : next();
      }),
  },
  {
    id: 'v1-artifacts-elsewhere',
    says: 'Serves artifacts by a redirect to where they are.',
    serve: { protocol: 'pulse-v1' },
    behaviour: () => answering(servesArtifact, () => elsewhere),
  },
  {
    id: 'v1-other-endings',
    says: 'Takes manifests, captions and pictures with other endings than those of the app, and says so.',
    serve: { protocol: 'pulse-v1', guarded: true, bound: true },
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const { request } = exchange;
        if (request.method === 'GET' && request.path === '/capabilities') {
          const reply = await next();
          const fields = JSON.parse(String(reply.body));
          return { ...reply, body: JSON.stringify({ ...fields, allowedExtensions: otherEndings }) };
        }
        const { kind = 'video', filename = '' } = pairsOf(request) ?? {};
        const endings = new Map(Object.entries(otherEndings)).get(kind);
        if (kind !== 'video' && endings?.every((ending) => !filename.endsWith(ending)))
          return refusal(400, `this is not how the name of ${kind} ends`);
        return asUsual.filter?.(exchange, next, parts) ?? next();
      }),
  },
  {
    id: 'v1-looks-at-videos',
    says: 'Refuses and removes a video that does not begin like one.',
    serve: { protocol: 'pulse-v1' },
    behaviour: () => ({
      extensions: [
        ...standardExtensions,
        creationDeferLength(),
        checksum(),
        checksumTrailer,
        concatenation(),
      ],
      ...filtering(async (exchange, next, parts) => {
        const reply = await next();
        if (!bringsBytes({ exchange, reply })) return reply;
        const named = exchange.request.method === 'POST' ? headerOf(reply, 'Location') : undefined;
        const upload = await parts.uploads.find((named ?? exchange.request.path).split('/').at(-1) ?? '');
        if (
          upload?.finished === undefined ||
          upload.info.metadata?.includes('kind ') ||
          upload.info.concat?.kind === 'partial' ||
          (await beginsLikeVideo(upload, parts))
        )
          return reply;
        await parts.uploads.remove(upload);
        return refusal(422, 'this is no video; it was removed');
      }),
    }),
  },
];

const servesArtifact = both(method('GET', 'HEAD'), ({ exchange, reply }) => {
  return exchange.request.path.startsWith('/artifacts/') && (reply.status === 200 || reply.status === 206);
});

const elsewhere = { status: 302, headers: { Location: 'http://127.0.0.1:1/files' } };

const otherEndings = { video: ['.mp4'], project: ['.zip'], captions: ['.srt'], thumbnail: ['.png'] };

/** The reference server knows captions by one ending only. */
const asUsual = reading(({ filename = '', ...pairs }) =>
  pairs.kind === 'captions' ? { ...pairs, filename: filename.replace(/\.srt$/, '.vtt') } : undefined,
);

const bringsBytes = both(
  method('PATCH', 'POST'),
  status(201, 204),
  ({ reply }) => headerOf(reply, 'Upload-Offset') !== '0',
);
