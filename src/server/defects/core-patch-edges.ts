import { type Exchange, type Reply, refusal } from '../http/exchange.ts';
import { Intake } from '../http/intake.ts';
import type { Receive } from '../http/receive.ts';
import type { Behaviour, Filter } from '../parts.ts';
import { isComplete, roomBytes, type UploadView } from '../store/upload.ts';
import { answering, both, damage, filtering, method, status, uploadOf } from './changes.ts';
import type { Defect } from './defect.ts';

const tus = { protocol: 'tus' } as const;

/** Mistakes at the edges of an upload: unknown, too long, empty, behind the end, broken off. */
export const corePatchEdgeDefects: readonly Defect[] = [
  {
    id: 'unknown-patch-409',
    says: 'Answers 409 to chunks for an upload that does not exist.',
    breaks: ['core.patch.unknown.404', 'termination.then-patch'],
    source: 'https://github.com/supabase/storage/issues/417',
    serve: tus,
    behaviour: () => answering(both(method('PATCH'), status(404)), (reply) => ({ ...reply, status: 409 })),
  },
  {
    id: 'length-ignored',
    says: 'Stores whatever is sent, whether or not it fits the length.',
    breaks: [
      'core.patch.exceed-length',
      'core.patch.exceed-length-chunked',
      'core.patch.exceed-then-recover',
    ],
    source: 'https://github.com/tus/tusd/commit/049b7514',
    behaviour: () => roomy({ rules: { patchHeld: { bodyFits: () => undefined } } }),
  },
  {
    id: 'chunked-length-ignored',
    says: 'Compares Content-Length with what is missing, but not what really arrives.',
    breaks: ['core.patch.exceed-length-chunked', 'core.patch.exceed-then-recover'],
    source: 'https://github.com/tus/tus-node-server/issues/517',
    behaviour: () => roomy({}),
  },
  {
    id: 'overrun-damages',
    says: 'Overwrites the first byte of an upload whose chunked body was too long.',
    breaks: ['core.patch.exceed-then-recover'],
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const reply = await next();
        const isOverrun = reply.status === 413 && exchange.request.bodyBytes === undefined;
        if (isOverrun)
          await damage(exchange.request.path.split('/').at(-1) ?? '', 0, Buffer.from('!'), parts);
        return reply;
      }),
  },
  {
    id: 'empty-patch-at-the-end-500',
    says: 'Fails inside when an empty PATCH follows the last chunk.',
    breaks: ['core.patch.after-complete-empty'],
    source: 'https://github.com/tus/tus-java-client/issues/69',
    serve: tus,
    behaviour: () => emptyPatch500(isComplete),
  },
  {
    id: 'appends-behind-the-end',
    says: 'Appends bytes to an upload that is complete.',
    breaks: ['core.patch.after-complete-bytes', 'pulse.finalize.then-patch'],
    behaviour: () => {
      const room = (upload: UploadView) => (isComplete(upload) ? Number.MAX_SAFE_INTEGER : roomBytes(upload));
      return {
        rules: {
          patchHeld: {
            bodyFits: ({ request, upload }) =>
              (request.bodyBytes ?? 0) > room(upload) ? refusal(413, 'too long') : undefined,
          },
          body: { roomBytes: room },
        },
      };
    },
  },
  {
    id: 'empty-patch-500',
    says: 'Fails inside when a PATCH is empty and the upload not complete.',
    breaks: ['core.patch.empty-body'],
    serve: tus,
    behaviour: () => emptyPatch500((upload) => !isComplete(upload)),
  },
  {
    id: 'buffer-then-commit',
    says: 'Keeps a chunk in memory until all of it has come, and drops it where the connection breaks.',
    breaks: ['core.patch.store-partial'],
    source: 'https://github.com/tus/tusd/commit/e4688937',
    serve: tus,
    behaviour: () => ({ receive: buffering }),
  },
  {
    id: 'lock-kept-in-second-chunk',
    says: 'Keeps an upload locked when the connection broke in its second chunk of 64 KiB.',
    breaks: [
      'core.patch.network-errors',
      'data.disconnect.rst',
      'data.disconnect.fin',
      'data.disconnect.headers-only',
      'data.disconnect.one-byte-missing',
      'data.disconnect.no-head-retry',
    ],
    source: 'https://github.com/tus/tus-node-server/commit/42c6267',
    serve: tus,
    behaviour: () => filtering(lockLeak()),
  },
  {
    id: 'unread-body-is-a-request',
    says: 'Takes the body of a chunk that it refused for the next request.',
    breaks: ['core.patch.post-error-reuse'],
    serve: tus,
    behaviour: () =>
      filtering(
        bodyIsNext(
          ({ bodyBytes, isOverridden }, { status }) =>
            !isOverridden && bodyBytes === 60_000 && status === 409,
        ),
      ),
  },
  {
    id: 'unread-post-is-a-request',
    says: 'Takes the body of a chunk that came by POST, and that it refused, for the next request.',
    breaks: ['core.patch.post-error-reuse'],
    serve: tus,
    behaviour: () =>
      filtering(
        bodyIsNext(
          ({ bodyBytes, isOverridden }, { status }) =>
            isOverridden === true && bodyBytes === 60_000 && status >= 400,
        ),
      ),
  },
];

/** A second answer, to what was never asked. */
function bodyIsNext(isUnread: (request: Exchange['request'], reply: Reply) => boolean): Filter {
  return async (exchange, next) => {
    const reply = await next();
    const { request, outgoing, incoming } = exchange;
    if (isUnread(request, reply)) {
      const second = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n';
      outgoing.once('finish', () => incoming.socket.write(second));
    }
    return reply;
  };
}

/** There is always room. */
function roomy(behaviour: Behaviour): Behaviour {
  const room = (upload: UploadView) => (isComplete(upload) ? 0 : Number.MAX_SAFE_INTEGER);
  return { ...behaviour, rules: { ...behaviour.rules, body: { roomBytes: room } } };
}

function emptyPatch500(isMeant: (upload: UploadView) => boolean): Behaviour {
  return filtering(async (exchange, next, parts) => {
    const { method: asked, bodyBytes } = exchange.request;
    const upload = asked === 'PATCH' && bodyBytes === 0 ? await uploadOf(exchange, parts) : undefined;
    return upload !== undefined && isMeant(upload) ? refusal(500, 'no body') : next();
  });
}

const buffering: Receive = async (job) => {
  const intake = new Intake(job);
  const kept: Buffer[] = [];
  try {
    for (;;) {
      const next = await intake.next();
      if (!('kind' in next)) {
        kept.push(...next);
        continue;
      }
      if (next.kind !== 'whole') return next;
      const all = Buffer.concat(kept);
      for (let at = 0; at < all.length; ) {
        const written = await job.writer.write([all.subarray(at)], job.upload.offsetBytes);
        job.upload.offsetBytes += written;
        at += written;
      }
      return next;
    }
  } finally {
    intake.close();
  }
};

/** Of chunks of 64 KiB at 64 KiB only: which other cuts leave a lock behind is asked by `lock-left-behind`. */
function lockLeak(): Filter {
  const locked = new Set<string>();
  return async ({ request, incoming }, next) => {
    if (request.method !== 'PATCH') return next();
    if (locked.has(request.path)) return refusal(423, 'another request writes to this upload');
    if (request.headers['upload-offset'] === '65536' && request.bodyBytes === 65_536) {
      incoming.once('close', () => incoming.complete || locked.add(request.path));
    }
    return next();
  };
}
