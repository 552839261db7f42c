import { TUS_VERSION } from '../../protocol/headers.ts';
import { allExtensions } from '../extensions.ts';
import { type Exchange, type Reply, refusal } from '../http/exchange.ts';
import type { Behaviour, Filter, Parts } from '../parts.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import { isComplete } from '../store/upload.ts';
import { damage, filtering, uploadOf } from './changes.ts';
import { endWithBody } from './core-patch.ts';
import type { Defect } from './defect.ts';

const serve = { protocol: 'tus' } as const;
const version = { 'Tus-Resumable': TUS_VERSION };
const deleted: Reply = { status: 204, headers: version };

/** What the server does about DELETE of an upload to which the question says yes. */
function onDelete(
  isMeant: (upload: LiveUpload) => boolean,
  act: (next: () => Promise<Reply>, exchange: Exchange, parts: Parts) => Promise<Reply>,
): Behaviour {
  return filtering(async (exchange, next, parts) => {
    const upload = exchange.request.method === 'DELETE' ? await uploadOf(exchange, parts) : undefined;
    return upload !== undefined && isMeant(upload) ? act(next, exchange, parts) : next();
  });
}

const stands = (offsetBytes: number) => (upload: LiveUpload) => upload.offsetBytes === offsetBytes;

/** Answers requests of that method to an upload that was deleted at offset 4, or as a whole. */
function afterDelete(methodName: string, reply: Reply, isMeant = stands(4)): Behaviour {
  const deleted = new Set<string>();
  const filter: Filter = async (exchange, next, parts) => {
    const { method, path } = exchange.request;
    if (method === methodName && deleted.has(path)) return reply;
    const upload = method === 'DELETE' ? await uploadOf(exchange, parts) : undefined;
    if (upload !== undefined && isMeant(upload)) deleted.add(path);
    return next();
  };
  return filtering(filter);
}

export const terminationDefects: readonly Defect[] = [
  {
    id: 'delete-refused',
    says: 'Lists termination, and refuses DELETE where 5 bytes are there.',
    breaks: ['termination.advertised'],
    serve,
    behaviour: () => onDelete(stands(5), async () => refusal(405, 'no DELETE here')),
  },
  {
    id: 'delete-answers-200',
    says: 'Answers DELETE with 200 where 4 bytes are there.',
    breaks: ['termination.unfinished.204'],
    serve,
    behaviour: () => onDelete(stands(4), async (next) => ({ ...(await next()), status: 200, body: 'gone' })),
  },
  {
    id: 'delete-finished-500',
    says: 'Fails inside where a complete upload is deleted.',
    breaks: ['termination.finished.204'],
    serve,
    behaviour: () => onDelete(isComplete, async () => refusal(500, 'rename failed')),
  },
  {
    id: 'delete-with-body',
    says: 'Sends a body behind the 204 to DELETE, and closes the connection.',
    breaks: ['termination.no-content'],
    serve,
    behaviour: () =>
      onDelete(stands(4), async (next, exchange) => {
        const reply = await next();
        endWithBody(exchange, reply);
        return reply;
      }),
  },
  {
    id: 'deleted-answers-head',
    says: 'Still tells the offset of an upload that was deleted.',
    breaks: ['termination.then-head'],
    serve,
    behaviour: () =>
      afterDelete('HEAD', {
        status: 200,
        headers: { ...version, 'Upload-Offset': '4', 'Upload-Length': '10' },
      }),
  },
  {
    id: 'deleted-takes-bytes',
    says: 'Acknowledges bytes for an upload that was deleted.',
    breaks: ['termination.then-patch'],
    serve,
    behaviour: () => afterDelete('PATCH', { status: 204, headers: { ...version, 'Upload-Offset': '10' } }),
  },
  {
    id: 'deleted-twice-500',
    says: 'Fails inside where an upload is deleted a second time.',
    breaks: ['termination.then-delete'],
    serve,
    behaviour: () => afterDelete('DELETE', refusal(500, 'no such file')),
  },
  {
    id: 'deleted-still-served',
    says: 'Still serves the content of an upload that was deleted.',
    breaks: ['termination.then-get'],
    serve,
    behaviour: () => afterDelete('GET', { status: 200, body: 'still here' }, isComplete),
  },
  {
    id: 'delete-unknown-204',
    says: 'Answers DELETE of an upload that it never had with 204.',
    breaks: ['termination.unknown'],
    serve,
    behaviour: () => {
      const known = new Set<string>();
      return filtering(async (exchange, next, parts) => {
        const { method, path } = exchange.request;
        const upload = await uploadOf(exchange, parts);
        if (upload !== undefined) known.add(path);
        const reply = await next();
        const isUnknown = method === 'DELETE' && reply.status === 404 && !known.has(path);
        return isUnknown ? deleted : reply;
      });
    },
  },
  {
    id: 'delete-hits-others',
    says: 'Overwrites the beginning of other uploads of the same length when one is deleted.',
    breaks: ['termination.isolated'],
    serve,
    behaviour: () => {
      const paths = new Set<string>();
      return filtering(async (exchange, next, parts) => {
        const upload = await uploadOf(exchange, parts);
        if (upload?.info.lengthBytes !== 1500) return next();
        const { id } = upload.info;
        paths.add(id);
        if (exchange.request.method !== 'DELETE') return next();
        for (const other of paths) if (other !== id) await damage(other, 0, Buffer.alloc(10), parts);
        return next();
      });
    },
  },
  {
    id: 'delete-forgotten-by-writer',
    says: 'Answers DELETE with 204 while a chunk arrives, and then lets the upload live.',
    breaks: ['termination.during-patch'],
    serve,
    behaviour: () =>
      onDelete(
        ({ hold }) => hold !== undefined,
        async () => deleted,
      ),
  },
  {
    id: 'delete-without-effect',
    says: 'Has no termination, and answers DELETE with 204 all the same.',
    breaks: ['termination.unsupported', 'creation.post.wrong-method'],
    serve,
    behaviour: () => ({
      extensions: allExtensions.filter(({ name }) => name !== 'termination'),
      ...filtering(async ({ request }, next) => (request.method === 'DELETE' ? deleted : next())),
    }),
  },
];
