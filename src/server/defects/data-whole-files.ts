import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type Reply, refusal } from '../http/exchange.ts';
import type { Behaviour, Parts } from '../parts.ts';
import { measure } from '../requests/finalize.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import { isComplete, roomBytes } from '../store/upload.ts';
import { damage, filtering, refusing, uploadOf, writing } from './changes.ts';
import { type Defect, fullScale } from './defect.ts';
import { pause } from './pauses.ts';

const MiB = 1024 * 1024;
const zeros = new Uint8Array(8);

export const dataWholeFilesDefects: readonly Defect[] = [
  {
    id: 'file-ends-at-3-mib',
    says: 'Stores the first 3 MiB of a file and acknowledges the rest all the same.',
    breaks: ['data.roundtrip.chunked', 'core.patch.single-request'],
    source: 'https://github.com/tus/tusd/issues/376',
    behaviour: () =>
      writing((writer) => ({
        ...writer,
        write: async (pieces, position) => {
          const sizes = pieces.reduce((total, { length }) => total + length, 0);
          return position < 3 * MiB ? writer.write(pieces, position) : sizes;
        },
      })),
  },
  {
    id: 'wants-empty-chunk',
    says: 'Takes an upload whose last chunk was a full one for unfinished until an empty chunk comes.',
    breaks: ['data.chunk.exact-1mib', 'data.chunk.exact-multiple'],
    behaviour: wantsEmptyChunk,
  },
  {
    id: 'refuses-single-byte-chunk',
    says: 'Refuses a chunk of a single byte behind the first MiB.',
    breaks: ['data.chunk.last-smaller'],
    behaviour: () =>
      refusing(({ request }) =>
        request.method === 'PATCH' &&
        request.bodyBytes === 1 &&
        Number(request.headers['upload-offset']) >= MiB
          ? refusal(400, 'the chunk is too small')
          : undefined,
      ),
  },
  {
    id: 'fills-up-to-1-mib',
    says: 'Fills a file that is one byte shorter than a MiB with a zero byte.',
    breaks: ['data.chunk.one-byte-short'],
    behaviour: () =>
      mismeasuring((stored) =>
        stored.length % MiB === MiB - 1 ? Buffer.concat([stored, Buffer.of(0)]) : stored,
      ),
  },
  {
    id: 'single-byte-is-empty',
    says: 'Takes a file of one byte for an empty one.',
    breaks: ['data.chunk.single-byte-file'],
    behaviour: () => mismeasuring((stored) => (stored.length === 1 ? new Uint8Array() : stored)),
  },
  {
    id: 'chunk-length-16-bit',
    says: 'Counts the length of a chunk of 65,537 bytes in 16 bits, and leaves a hole.',
    breaks: ['data.chunk.odd-sizes', 'data.disconnect.one-byte-missing'],
    behaviour: () => damagingChunks(({ bodyBytes }) => bodyBytes === 65_537),
  },
  {
    id: 'empty-never-complete',
    says: 'Reaches completion only by a write, so that the empty file is never complete.',
    breaks: ['data.zero-length', 'creation.post.zero-length-complete', 'pulse.finalize.empty-file'],
    source: 'https://github.com/tusdotnet/tusdotnet/issues/119',
    behaviour: () => ({
      rules: {
        finalize: {
          complete: ({ upload }) =>
            isComplete(upload) && upload.offsetBytes > 0 ? undefined : refusal(409, 'not complete'),
        },
      },
    }),
  },
  {
    id: 'empty-file-refused',
    says: 'Refuses to create an upload of no bytes.',
    breaks: ['data.zero-length', 'creation.post.zero-length', 'pulse.finalize.empty-file'],
    source: 'https://github.com/supabase/storage/issues/1300',
    behaviour: () =>
      refusing(({ request }) =>
        request.method === 'POST' && request.headers['upload-length'] === '0'
          ? refusal(400, 'the upload is empty')
          : undefined,
      ),
  },
  {
    id: 'unpacks-gzip',
    says: 'Unpacks what looks like gzip.',
    breaks: ['data.content-agnostic'],
    // What the tester sends to a server of videos begins like one.
    serve: { protocol: 'tus' },
    behaviour: () =>
      writing((writer) => ({
        ...writer,
        write: async (pieces, position) => {
          const isPacked = Buffer.concat(pieces.slice(0, 1))
            .subarray(0, 3)
            .equals(Buffer.of(0x1f, 0x8b, 0x08));
          const kept = isPacked ? pieces.map(({ length }) => new Uint8Array(length)) : pieces;
          return writer.write(kept, position);
        },
      })),
  },
  {
    id: 'equal-chunk-is-repeat',
    says: 'Takes a chunk of 16 KiB that equals the one before it for a repeat, and leaves a hole.',
    breaks: ['data.content-agnostic'],
    behaviour: equalChunkIsRepeat,
  },
  {
    id: 'repeat-is-success',
    says: 'Answers a small chunk that is repeated as if it had stored it again, without comparing the bytes.',
    breaks: [
      'data.duplicate-patch',
      'data.overwrite-attempt',
      'core.patch.duplicate',
      'core.patch.mismatch-behind.409',
    ],
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const { method, bodyBytes = 0, headers } = exchange.request;
        const upload =
          method === 'PATCH' && bodyBytes > 0 && bodyBytes < 10_000
            ? await uploadOf(exchange, parts)
            : undefined;
        const isRepeat = upload && Number(headers['upload-offset']) + bodyBytes === upload.offsetBytes;
        return isRepeat ? asCommon(parts.answers.patched(upload), parts) : next();
      }),
  },
  {
    id: 'early-chunk-taken',
    says: 'Takes a small chunk that comes too early, and leaves a hole in front of it.',
    breaks: ['data.out-of-order', 'pulse.patch.sequential'],
    source: 'https://github.com/ankitpokhrel/tus-php/issues/43',
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const { method, bodyBytes = 0, headers } = exchange.request;
        const upload = method === 'PATCH' && bodyBytes === 1000 ? await uploadOf(exchange, parts) : undefined;
        const offset = Number(headers['upload-offset']);
        if (upload && offset > upload.offsetBytes) upload.offsetBytes = offset;
        return next();
      }),
  },
  {
    id: 'needs-content-length',
    says: 'Refuses a PATCH without Content-Length.',
    breaks: ['data.chunked-transfer-encoding'],
    source: 'https://github.com/tus/tus-resumable-upload-protocol/issues/135',
    behaviour: () =>
      refusing(({ request }) =>
        request.method === 'PATCH' && request.bodyBytes === undefined
          ? refusal(400, 'how long is it?')
          : undefined,
      ),
  },
  {
    id: 'total-time-limit',
    says: 'Ends a request after a total of 1.2 s, although bytes keep coming.',
    breaks: ['data.slow-body'],
    source: 'https://github.com/seaweedfs/seaweedfs/issues/8786',
    behaviour: () =>
      filtering(async (exchange, next) => {
        let isAnswered = false;
        // Of what has come as a whole a busy machine may be late to speak: no bytes keep coming there.
        void pause(1200, 200).then(
          () => isAnswered || exchange.incoming.complete || exchange.incoming.destroy(),
        );
        return next().finally(() => (isAnswered = true));
      }),
  },
  {
    id: 'head-in-one-segment',
    says: 'Takes the first segment of a connection for the whole head of a request.',
    breaks: ['data.segmented-headers'],
    behaviour: () => ({
      connection: (socket) => {
        socket.prependOnceListener('data', (bytes: Buffer) => {
          if (!bytes.includes('\r\n\r\n')) socket.destroy();
        });
      },
    }),
  },
  {
    id: 'complete-one-byte-early',
    says: 'Takes an upload for complete when its last byte is missing.',
    breaks: ['data.completion-exact'],
    behaviour: () => ({
      rules: {
        finalize: {
          complete: ({ upload }) => (roomBytes(upload) <= 1 ? undefined : refusal(409, 'not complete')),
        },
      },
    }),
  },
  {
    id: 'preallocated-is-served',
    says: 'Makes room for the whole file at once, and serves that by GET when the last byte is missing.',
    breaks: ['data.completion-exact'],
    serve: { protocol: 'tus' },
    behaviour: preallocatedIsServed,
  },
  {
    id: 'offset-32-bit',
    says: 'Counts offsets in 32 bits.',
    breaks: ['data.large-offset'],
    source: 'https://github.com/tusdotnet/tusdotnet/issues/50',
    serve: { needs: 'large' },
    behaviour: ({ gibibyteBytes } = fullScale) =>
      writing((writer) => ({
        ...writer,
        write: (pieces, position) => writer.write(pieces, position % (4 * gibibyteBytes)),
      })),
  },
  {
    id: 'finalize-shortens-others',
    says: 'Finalize takes the last stored byte from another upload, of 5,000 bytes, that is not finished.',
    breaks: ['data.canary', 'core.head.monotonic'],
    behaviour: finalizeShortensOthers,
  },
];

function finalizeShortensOthers(): Behaviour {
  let victim: LiveUpload | undefined;
  return filtering(async (exchange, next, parts) => {
    const { method, path } = exchange.request;
    const upload = await uploadOf(exchange, parts);
    if (upload?.info.lengthBytes === 5000) victim = upload;
    const reply = await next();
    const isFinalize = method === 'POST' && path.endsWith('/finalize');
    if (isFinalize && victim && victim.offsetBytes > 0 && !isComplete(victim)) victim.offsetBytes -= 1;
    return reply;
  });
}

/** Looks at what is stored: a chunk may have come in a form. */
function equalChunkIsRepeat(): Behaviour {
  return filtering(async (exchange, next, parts) => {
    const upload = exchange.request.method === 'PATCH' ? await uploadOf(exchange, parts) : undefined;
    const from = upload?.offsetBytes ?? 0;
    const reply = await next();
    const sizeBytes = (upload?.offsetBytes ?? 0) - from;
    if (upload === undefined || sizeBytes !== 16 * 1024 || from < sizeBytes) return reply;
    const stored = await buffer(
      parts.store.read(upload, { first: from - sizeBytes, last: from + sizeBytes - 1 }),
    );
    const isEqual = stored.subarray(0, sizeBytes).equals(stored.subarray(sizeBytes));
    if (isEqual) await damage(upload.info.id, from, new Uint8Array(sizeBytes), parts);
    return reply;
  });
}

function preallocatedIsServed(): Behaviour {
  return filtering(async (exchange, next, parts) => {
    const upload = exchange.request.method === 'GET' ? await uploadOf(exchange, parts) : undefined;
    if (upload === undefined || isComplete(upload) || roomBytes(upload) > 1) return next();
    return {
      status: 200,
      headers: { 'Content-Type': 'application/octet-stream' },
      body: Readable.from(followedBy(Buffer.of(0), parts.store.read(upload))),
    };
  });
}

async function* followedBy(last: Uint8Array, pieces: AsyncIterable<Uint8Array>) {
  yield* pieces;
  yield last;
}

function wantsEmptyChunk(): Behaviour {
  const full = new Set<string>();
  return {
    ...filtering(async (exchange, next, parts) => {
      const { method, bodyBytes } = exchange.request;
      const upload = method === 'PATCH' ? await uploadOf(exchange, parts) : undefined;
      if (upload && bodyBytes === MiB) full.add(upload.info.id);
      else if (upload) full.delete(upload.info.id);
      return next();
    }),
    rules: {
      finalize: {
        complete: ({ upload }) =>
          isComplete(upload) && !full.has(upload.info.id) ? undefined : refusal(409, 'not complete'),
      },
    },
  };
}

/** Size and digest of something else than what is stored. */
function mismeasuring(change: (stored: Buffer) => Uint8Array): Behaviour {
  return {
    measure: async (bytes) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of bytes) pieces.push(piece);
      return measure(Readable.from([change(Buffer.concat(pieces))]));
    },
  };
}

/** Chunks of which the last stored bytes are zeros. */
function damagingChunks(isMeant: (request: { readonly bodyBytes?: number }) => boolean): Behaviour {
  return filtering(async (exchange, next, parts) => {
    const { request } = exchange;
    const upload = request.method === 'PATCH' ? await uploadOf(exchange, parts) : undefined;
    const reply = await next();
    if (upload && reply.status === 204 && isMeant(request)) {
      await damage(upload.info.id, upload.offsetBytes - zeros.length, zeros, parts);
    }
    return reply;
  });
}

function asCommon(reply: Reply, { answers }: Parts): Reply {
  return { ...reply, headers: { ...answers.common(), ...reply.headers } };
}
