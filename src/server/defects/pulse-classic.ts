import { json, type Reply, type RequestHead, refusal } from '../http/exchange.ts';
import { creationPaths } from '../http/routes.ts';
import type { Filter } from '../parts.ts';
import { asking } from './asking.ts';
import { answering, filtering, method, refusing, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';

type Facts = Parameters<Parameters<typeof answering>[0]>[0];

const isHealth = ({ exchange }: Pick<Facts, 'exchange'>) => exchange.request.path === '/health';

/** Most mistakes of creations are those of few: that uploads are created is what everything else builds on. */
const isCreationOf =
  (lengthBytes: number) =>
  ({ exchange: { request } }: Pick<Facts, 'exchange'>) =>
    request.method === 'POST' &&
    request.path === creationPaths.pulse &&
    request.headers['upload-length'] === String(lengthBytes);

/** The app names the type of its chunks with an empty creation, and does not describe its file. */
const isOfTheApp = ({ headers, bodyBytes }: RequestHead) =>
  headers['upload-metadata'] === undefined && headers['content-type'] !== undefined && bodyBytes === 0;

export const pulseClassicDefects: readonly Defect[] = [
  {
    id: 'health-202',
    says: 'Answers /health with 202.',
    breaks: ['pulse.health.200', 'pulse.flow.e2e'],
    behaviour: () => answering(isHealth, (reply) => ({ ...reply, status: 202 })),
  },
  {
    id: 'health-ok-in-lower-case',
    says: 'Says "ok" where the documents say "OK".',
    breaks: ['pulse.health.body'],
    behaviour: () => ({ answers: { health: () => json(200, { status: 'ok' }) } }),
  },
  {
    id: 'health-asks-for-token',
    says: 'Asks for a token even with /health.',
    breaks: ['pulse.health.public', 'pulse.create.unauthenticated'],
    serve: { guarded: true },
    behaviour: () =>
      refusing((exchange) =>
        isHealth({ exchange }) && exchange.request.headers['x-upload-token'] === undefined
          ? refusal(401, 'the upload token is missing')
          : undefined,
      ),
  },
  {
    id: 'health-waits-for-chunk',
    says: 'Answers /health only when a chunk of 50,000 bytes is through, or after 2.3 s.',
    breaks: ['pulse.health.cheap'],
    source: 'https://github.com/s3rius/rustus/commit/380c35b',
    behaviour: () => filtering(healthBehindChunk()),
  },
  {
    id: 'creation-200',
    says: 'Answers 200 to the creation of an upload of 4,321 bytes.',
    breaks: ['pulse.create.201'],
    behaviour: () => answering(isCreationOf(4321), (reply) => ({ ...reply, status: 200 })),
  },
  {
    id: 'creation-deep-location',
    says: 'Puts two segments behind /uploads/ in the Location of an upload of 4,321 bytes.',
    breaks: ['pulse.create.location'],
    behaviour: () => ({
      locate: (id, { headers }) =>
        headers['upload-length'] === '4321' ? `/uploads/by-id/${id}` : `/uploads/${id}`,
    }),
  },
  {
    id: 'creation-lost-location',
    says: 'Names an upload that does not exist in the Location of an upload of 1,234 bytes.',
    breaks: ['pulse.create.location.base-path'],
    source: 'https://github.com/tus/tus-node-server/issues/469',
    behaviour: () => ({
      locate: (id, { headers }) =>
        headers['upload-length'] === '1234' ? `/uploads/${id.replaceAll(/[1-9]/g, '0')}` : `/uploads/${id}`,
    }),
  },
  {
    id: 'creation-without-version',
    says: 'Does not name the tus version in the answer to the creation of an upload of 4,321 bytes.',
    breaks: ['pulse.create.tus-resumable', 'core.version.response-header'],
    behaviour: () =>
      answering(isCreationOf(4321), (reply) => withHeaders(reply, { 'Tus-Resumable': undefined })),
  },
  {
    id: 'upload-of-the-app-has-another-id',
    says: 'Finalize does not know uploads of 777 bytes that were created as the app does it.',
    breaks: ['pulse.create.upload-id'],
    behaviour: () =>
      asking(async ({ fields, parts, next }) => {
        const upload = await parts.uploads.find(String(fields.uploadId));
        const { metadata, lengthBytes } = upload?.info ?? {};
        return metadata === undefined && lengthBytes === 777 ? refusal(404, 'no such upload') : next();
      }),
  },
  {
    id: 'token-at-creation',
    says: 'Asks for the token already at the creation: stricter than the dialect.',
    breaks: ['pulse.create.unauthenticated'],
    serve: { guarded: true },
    behaviour: () => ({}),
  },
  {
    id: 'empty-octet-stream-415',
    says: 'Refuses an empty creation that names the media type of chunks.',
    breaks: ['pulse.create.octet-type'],
    behaviour: () =>
      refusing((exchange) =>
        isCreationOf(10)({ exchange }) && isOfTheApp(exchange.request)
          ? refusal(415, 'a creation is no chunk')
          : undefined,
      ),
  },
  {
    id: 'senseless-length-is-zero',
    says: 'Takes a missing or senseless Upload-Length for 0.',
    breaks: [
      'pulse.create.bad-length',
      'creation.post.no-length',
      'creation.post.length-syntax',
      'creation.post.length-precision',
      'creation.post.length-overflow',
      'defer.advertised',
      'defer.post.unsupported',
    ],
    source: 'https://github.com/tus/tus-node-server/issues/303',
    behaviour: () => ({ rules: { create: { length: () => undefined } } }),
  },
];

/** More than five times as long as a busy machine takes without the chunk, and shorter than the tester waits. */
const LONG_WAIT_MS = 4000;

function healthBehindChunk(): Filter {
  const running = new Set<Promise<unknown>>();
  const pause = () => new Promise((resolve) => setTimeout(resolve, LONG_WAIT_MS));
  return async (exchange, next): Promise<Reply> => {
    if (isHealth({ exchange })) {
      await Promise.race([Promise.all(running), running.size > 0 ? pause() : undefined]);
    }
    const reply = next();
    if (method('PATCH')({ exchange, reply: { status: 0 } }) && exchange.request.bodyBytes === 50_000) {
      running.add(reply);
      reply.finally(() => running.delete(reply)).catch(() => {});
    }
    return reply;
  };
}
