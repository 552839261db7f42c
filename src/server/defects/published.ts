import type { Behaviour } from '../parts.ts';
import { takeHold } from '../store/hold.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import { isComplete } from '../store/upload.ts';
import { filtering, headerOf, uploadOf, withHeaders } from './changes.ts';
import { appending } from './data-disconnects.ts';
import type { Defect } from './defect.ts';
import { pause } from './pauses.ts';

/** Mistakes of published servers that the defects of the single sections do not rebuild yet. */

const tus = { protocol: 'tus' } as const;
const KiB = 1024;
const MiB = 1024 * KiB;

export const publishedDefects: readonly Defect[] = [
  {
    id: 'done-before-flush',
    says: 'Acknowledges the end of a file of 3 MiB and 17 bytes before it is written.',
    breaks: ['data.roundtrip.chunked'],
    source: 'https://github.com/tus/tus-node-server/issues/79',
    behaviour: doneBeforeFlush,
  },
  {
    id: 'replicas-disagree',
    says: 'What a broken connection brought of an upload of 3 MiB is known to one replica only: all others go on from where they remember it; all append to one file.',
    breaks: [
      'core.patch.store-partial',
      'data.disconnect.mid-chunk',
      'data.disconnect.offset-matches-bytes',
      'pulse.flow.resume',
    ],
    source: 'https://github.com/tus/tusd/issues/290',
    behaviour: replicasDisagree,
  },
  {
    id: 'marker-left-behind',
    says: 'A short request that waits for the lock of an upload of 128 KiB leaves a marker behind, and nobody gets the lock any more.',
    breaks: ['data.disconnect.abandoned-request-late'],
    source: 'https://github.com/tus/tusd/issues/1372',
    serve: tus,
    behaviour: markerLeftBehind,
  },
  {
    id: 'trouble-is-404',
    says: 'Answers 404 to the tenth HEAD of a small upload, as if any trouble inside meant that it is gone.',
    breaks: ['core.head.read-only', 'core.patch.offset-syntax.int64'],
    source: 'https://github.com/seaweedfs/seaweedfs/issues/11153',
    serve: tus,
    behaviour: troubleIs404,
  },
  {
    id: 'head-is-a-download',
    says: 'Answers HEAD on a complete upload as it would GET: with the name of a file, and nothing of the protocol.',
    breaks: [
      'core.head.offset-completed',
      'core.head.length-known',
      'creation.post.zero-length-complete',
      'http.keepalive',
      'cwu.post.whole-file',
    ],
    source: 'https://github.com/Cap-go/hono-r2-tus-uploader/issues/11',
    serve: tus,
    behaviour: headIsADownload,
  },
];

/** Long enough that whoever reads the file at once reads it too early, on a busy machine as well. */
const FLUSH_MS = 3000;

function doneBeforeFlush(): Behaviour {
  return {
    store: (store) => ({
      ...store,
      write: async (id) => {
        const writer = await store.write(id);
        const { info } = (await store.load(id)) ?? {};
        let late = Promise.resolve();
        return {
          write: async (pieces, position) => {
            const sizeBytes = pieces.reduce((sum, { length }) => sum + length, 0);
            const isEnd = position + sizeBytes === info?.lengthBytes && info.lengthBytes === 3 * MiB + 17;
            if (!isEnd) return writer.write(pieces, position);
            late = pause(FLUSH_MS).then(async () => {
              await writer.write(pieces, position);
            });
            return sizeBytes;
          },
          close: async () => {
            late.then(() => writer.close()).catch(() => {});
          },
        };
      },
    }),
  };
}

function replicasDisagree(): Behaviour {
  const remembered = new WeakMap<LiveUpload, number>();
  return {
    store: appending,
    ...filtering(async (exchange, next, parts) => {
      const upload = await uploadOf(exchange, parts);
      if (upload?.info.lengthBytes !== 3 * MiB) return next();
      upload.offsetBytes = remembered.get(upload) ?? upload.offsetBytes;
      const reply = await next();
      if (exchange.incoming.complete) remembered.set(upload, upload.offsetBytes);
      return reply;
    }),
  };
}

function markerLeftBehind(): Behaviour {
  const marked = new WeakSet<object>();
  return {
    ...filtering(async (exchange, next, parts) => {
      const { method, bodyBytes = 0 } = exchange.request;
      const upload = method === 'PATCH' ? await uploadOf(exchange, parts) : undefined;
      // Whole chunks are left alone: those of a race meet or miss each other by luck.
      const isMeant = upload?.info.lengthBytes === 128 * KiB && bodyBytes < 64 * KiB;
      if (isMeant && upload.hold !== undefined) marked.add(upload);
      return next();
    }),
    takeHold: async (holdable, limits) => (marked.has(holdable) ? undefined : takeHold(holdable, limits)),
  };
}

function troubleIs404(): Behaviour {
  const asked = new Map<string, number>();
  return filtering(async (exchange, next) => {
    const reply = await next();
    const { method, path } = exchange.request;
    const isSmall = Number(headerOf(reply, 'Upload-Length')) <= 1000;
    if (method !== 'HEAD' || reply.status !== 200 || !isSmall) return reply;
    const times = (asked.get(path) ?? 0) + 1;
    asked.set(path, times);
    return times === 10 ? { status: 404, headers: { 'Cache-Control': 'no-store' } } : reply;
  });
}

function headIsADownload(): Behaviour {
  return filtering(async (exchange, next, parts) => {
    const reply = await next();
    const upload = exchange.request.method === 'HEAD' ? await uploadOf(exchange, parts) : undefined;
    if (upload === undefined || !isComplete(upload)) return reply;
    return withHeaders(reply, {
      'Upload-Offset': undefined,
      'Upload-Length': undefined,
      'Content-Disposition': 'attachment; filename="video.mp4"',
    });
  });
}
