import type { Exchange, Reply } from '../http/exchange.ts';
import { refusal } from '../http/exchange.ts';
import type { Behaviour, Parts } from '../parts.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import { filtering, uploadOf, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';
import { reading } from './v1-metadata.ts';

const serve = { protocol: 'pulse-v1' } as const;

/** One answer, and what a mistake may want to know about it. */
interface Moment {
  readonly reply: Reply;
  readonly exchange: Exchange;
  readonly parts: Parts;
  /** As it was before the request. */
  readonly upload: LiveUpload | undefined;
  readonly sizeBytes: number | undefined;
  readonly metadata: string;
  readonly wasFinished: boolean;
  /** For what a mistake remembers. */
  readonly memory: Set<string>;
  readonly id: string;
}

type Where = `${'GET' | 'DELETE'} artifact` | 'PATCH' | 'POST' | 'DELETE';

/** Changes the answers to one kind of request, after everything was done right. */
function at(where: Where, change: (moment: Moment) => Reply | Promise<Reply>): () => Behaviour {
  return () => {
    const memory = new Set<string>();
    return filtering(async (exchange, next, parts) => {
      const { method, path, headers } = exchange.request;
      const isArtifact = path.startsWith('/artifacts/');
      const id = path.split('/').at(-1) ?? '';
      const upload = await uploadOf(exchange, parts);
      const wasFinished = upload?.finished !== undefined;
      const { lengthBytes: sizeBytes, metadata = headers['upload-metadata'] ?? '' } = upload?.info ?? {};
      const reply = await next();
      if (`${method}${isArtifact ? ' artifact' : ''}` !== where) return reply;
      return change({ reply, exchange, parts, upload, sizeBytes, metadata, wasFinished, memory, id });
    });
  };
}

const READY_BYTES = 1237;
const text = (reply: Reply, status: number, body = 'x'): Reply => ({
  ...withHeaders(reply, { 'Content-Length': undefined, 'Content-Range': undefined }),
  status,
  body,
});
const acknowledged = (reply: Reply, sizeBytes: number): Reply => ({
  status: 204,
  headers: {
    ...withHeaders(reply, { 'Content-Type': undefined }).headers,
    'Upload-Offset': String(sizeBytes),
  },
});
const declared = (metadata: string): string =>
  Buffer.from(/checksum (\S+?)(?:,|$)/.exec(metadata)?.[1] ?? '', 'base64').toString('utf8');

export const v1ArtifactsDefects: readonly Defect[] = [
  {
    id: 'v1-unfinished-served',
    says: 'Serves what it has of an unfinished artifact.',
    breaks: ['v1.artifact.in-progress.404'],
    serve,
    behaviour: at('GET artifact', ({ reply, upload, sizeBytes }) =>
      reply.status === 404 && sizeBytes === READY_BYTES && upload && upload.offsetBytes > 0
        ? text(reply, 200)
        : reply,
    ),
  },
  {
    id: 'v1-artifact-altered',
    says: 'Serves another file than the one that was sent.',
    breaks: ['v1.artifact.get', 'v1.completion.idempotent'],
    serve,
    behaviour: () => {
      let asked = 0;
      return at('GET artifact', ({ reply, sizeBytes }) =>
        reply.status === 200 && sizeBytes === READY_BYTES ? text(reply, 200, `transcoded ${++asked}`) : reply,
      )();
    },
  },
  {
    id: 'v1-artifact-late',
    says: 'Answers 404 to the first who asks for a finished artifact.',
    breaks: ['v1.artifact.get.promptly'],
    serve,
    behaviour: at('GET artifact', ({ reply, sizeBytes, id, memory }) => {
      if (reply.status !== 200 || sizeBytes !== READY_BYTES || memory.has(id)) return reply;
      memory.add(id);
      return refusal(404, 'not yet');
    }),
  },
  {
    id: 'v1-videos-only',
    says: 'Serves videos only.',
    breaks: ['v1.artifact.kind-free-url'],
    serve,
    behaviour: at('GET artifact', ({ reply, metadata }) =>
      metadata.includes('kind ') ? refusal(404, 'no such video') : reply,
    ),
  },
  {
    id: 'v1-range-elsewhere',
    says: 'Serves other bytes than those of the range that was asked for.',
    breaks: ['v1.artifact.range'],
    serve,
    behaviour: at('GET artifact', ({ reply }) =>
      reply.status === 206 ? text(reply, 206, 'x'.repeat(100)) : reply,
    ),
  },
  {
    id: 'v1-unknown-is-empty',
    says: 'Serves an empty file for an artifact that it does not know.',
    breaks: ['v1.artifact.unknown.404'],
    serve,
    behaviour: at('GET artifact', ({ reply, id }) => (/^0{8}-/.test(id) ? text(reply, 200, '') : reply)),
  },
  {
    id: 'v1-any-id-served',
    says: 'Serves an empty file for an id that is none.',
    breaks: ['v1.artifact.bad-id'],
    serve,
    behaviour: at('GET artifact', ({ reply }) => (reply.status === 400 ? text(reply, 200, '') : reply)),
  },
  {
    id: 'v1-artifact-undeletable',
    says: 'Acknowledges that a finished artifact is removed, and serves it all the same.',
    breaks: ['v1.artifact.delete'],
    serve,
    behaviour: () => {
      const removed = new Set<string>();
      return filtering(async (exchange, next) => {
        const { method, path } = exchange.request;
        const reply = await next();
        if (!path.startsWith('/artifacts/')) return reply;
        if (method === 'DELETE' && reply.status === 204) removed.add(path);
        return method === 'GET' && removed.has(path) ? text(reply, 200) : reply;
      });
    },
  },
  {
    id: 'v1-deleted-twice-500',
    says: 'Fails where an artifact is removed a second time.',
    breaks: ['v1.artifact.delete-again'],
    serve,
    behaviour: at('DELETE artifact', ({ reply }) =>
      reply.status === 404 ? refusal(500, 'no such row') : reply,
    ),
  },
  {
    id: 'v1-removed-id-taken',
    says: 'Never gives the id of a removed artifact free.',
    breaks: ['v1.artifact.delete-in-progress'],
    serve,
    behaviour: () => {
      let wasRemoved = false;
      const taken = new Set<string>();
      return filtering(async (exchange, next, parts) => {
        const { method, path, headers } = exchange.request;
        const metadata = headers['upload-metadata'] ?? '';
        if (method === 'POST' && wasRemoved && taken.has(metadata)) return refusal(409, 'this id is taken');
        const upload = path.startsWith('/artifacts/') ? await uploadOf(exchange, parts) : undefined;
        const reply = await next();
        if (method === 'DELETE' && upload?.info.metadata && reply.status === 204) {
          wasRemoved = true;
          taken.add(upload.info.metadata);
        }
        return reply;
      });
    },
  },
  {
    id: 'v1-ghost-served',
    says: 'Serves an empty file for a finished artifact whose upload was cancelled.',
    breaks: ['v1.artifact.upload-delete-vs-artifact'],
    serve,
    behaviour: () => {
      const ghosts = new Set<string>();
      return filtering(async (exchange, next, parts) => {
        const { method, path } = exchange.request;
        const id = path.split('/').at(-1) ?? '';
        const upload = await uploadOf(exchange, parts);
        const reply = await next();
        if (method === 'DELETE' && path.startsWith('/upload/') && upload?.info.lengthBytes === 1000)
          ghosts.add(id);
        return method === 'GET' && ghosts.has(id) ? text(reply, 200, '') : reply;
      });
    },
  },
  {
    id: 'v1-md5-refused',
    says: 'Compares a right md5 with something else, and rejects the file.',
    breaks: ['v1.checksum.match'],
    serve,
    behaviour: at('PATCH', ({ reply, metadata, sizeBytes, upload }) =>
      declared(metadata).startsWith('md5:') && reply.status === 204 && upload?.offsetBytes === sizeBytes
        ? refusal(422, 'other digest')
        : reply,
    ),
  },
  {
    id: 'v1-mismatch-is-400',
    says: 'Answers 400 where the digest is another.',
    breaks: ['v1.checksum.mismatch.422'],
    serve,
    behaviour: at('PATCH', ({ reply }) => (reply.status === 422 ? { ...reply, status: 400 } : reply)),
  },
  {
    id: 'v1-md5-not-compared',
    says: 'Lists md5, and looks at no md5 that a file is declared with.',
    breaks: ['v1.checksum.mismatch.422'],
    serve,
    behaviour: () => reading(({ checksum, ...pairs }) => (checksum?.startsWith('md5:') ? pairs : undefined)),
  },
  {
    id: 'v1-rejected-served',
    says: 'Serves what it rejected.',
    breaks: ['v1.artifact.rejected.404', 'v1.checksum.mismatch.removed'],
    serve,
    behaviour: () => {
      const rejects = new Set<string>();
      return filtering(async (exchange, next) => {
        const { method, path } = exchange.request;
        const id = path.split('/').at(-1) ?? '';
        const reply = await next();
        if (method === 'PATCH' && reply.status === 422) rejects.add(id);
        return method === 'GET' && rejects.has(id) ? text(reply, 200) : reply;
      });
    },
  },
  {
    id: 'v1-empty-unverified',
    says: 'Does not compare the digest of a file that is complete with its creation.',
    breaks: ['v1.checksum.mismatch.single-request'],
    serve,
    behaviour: at('POST', ({ reply }) =>
      reply.status === 422
        ? { status: 201, headers: { ...reply.headers, Location: '/upload/nothing' } }
        : reply,
    ),
  },
  {
    id: 'v1-upper-case-500',
    says: 'Fails on a digest in upper case.',
    breaks: ['v1.checksum.hex-case'],
    serve,
    behaviour: at('POST', ({ reply, metadata }) =>
      /^[A-Z0-9]+:/.test(declared(metadata)) ? refusal(500, 'no such algorithm') : reply,
    ),
  },
  {
    id: 'v1-digest-demanded',
    says: 'Rejects files without a digest.',
    breaks: ['v1.checksum.absent'],
    serve,
    behaviour: at('PATCH', ({ reply, sizeBytes, upload }) =>
      sizeBytes === 777 && reply.status === 204 && upload?.offsetBytes === sizeBytes
        ? refusal(422, 'no digest')
        : reply,
    ),
  },
  {
    id: 'v1-digest-of-each-chunk',
    says: 'Refuses the answer to a first chunk whose file is declared with zeros for a digest.',
    breaks: ['v1.checksum.not-per-chunk'],
    serve,
    behaviour: at('PATCH', ({ reply, metadata, exchange }) =>
      /:0+$/.test(declared(metadata)) &&
      exchange.request.headers['upload-offset'] === '0' &&
      reply.status === 204
        ? refusal(400, 'other digest')
        : reply,
    ),
  },
  {
    id: 'v1-resumed-unverified',
    says: 'Forgets the digest of an upload that was cut.',
    breaks: ['v1.checksum.after-resume'],
    serve,
    behaviour: at('PATCH', ({ reply, sizeBytes = 0 }) =>
      reply.status === 422 && sizeBytes === 2345 ? acknowledged(reply, sizeBytes) : reply,
    ),
  },
  {
    id: 'v1-zeros-refused-and-served',
    says: 'Refuses zeros as a video, and serves them all the same.',
    breaks: ['v1.payload.type'],
    serve,
    behaviour: at('PATCH', ({ reply, sizeBytes }) =>
      sizeBytes === 4321 && reply.status === 204 ? refusal(422, 'no video') : reply,
    ),
  },
  {
    id: 'v1-repeat-unmakes',
    says: 'Removes an artifact whose last chunk is repeated.',
    breaks: ['v1.completion.idempotent'],
    serve,
    behaviour: at('PATCH', async ({ reply, upload, sizeBytes, wasFinished, parts }) => {
      if (upload && wasFinished && sizeBytes === READY_BYTES) await parts.uploads.remove(upload);
      return reply;
    }),
  },
];
