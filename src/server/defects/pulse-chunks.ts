import { standardAnswers } from '../http/answers.ts';
import { refusal } from '../http/exchange.ts';
import type { Filter } from '../parts.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import {
  answering,
  both,
  damage,
  filtering,
  method,
  refusing,
  status,
  uploadOf,
  withHeaders,
} from './changes.ts';
import type { Defect } from './defect.ts';

const isPatch = method('PATCH');

export const pulseChunksDefects: readonly Defect[] = [
  {
    id: 'no-head',
    says: 'Has no HEAD for uploads, as the published samples.',
    breaks: ['pulse.head.200'],
    source: 'https://github.com/mieweb/pulse/blob/main/docs/docs/uploads/chunked.md',
    behaviour: () =>
      answering(
        ({ exchange: { request } }) => request.method === 'HEAD' && request.path.startsWith('/uploads/'),
        ({ headers = {} }) => ({ ...refusal(404, 'no such resource'), headers }),
      ),
  },
  {
    id: 'pulse-head-without-length',
    says: 'HEAD does not state the length of an upload of 890 bytes.',
    breaks: ['pulse.head.length'],
    source: 'https://github.com/okumy/aiohttp-tus/issues/5',
    behaviour: () => ({
      answers: {
        head: (upload) =>
          upload.info.lengthBytes === 890
            ? withHeaders(standardAnswers.head(upload), { 'Upload-Length': undefined })
            : standardAnswers.head(upload),
      },
    }),
  },
  {
    id: 'pulse-unknown-head-400',
    says: 'Answers 400 when HEAD asks for an upload that does not exist.',
    breaks: [
      'pulse.head.unknown',
      'core.head.unknown.status',
      'core.method-override.delete',
      'termination.then-head',
    ],
    source: 'https://github.com/supabase/storage/issues/417',
    behaviour: () => answering(both(method('HEAD'), status(404)), (reply) => ({ ...reply, status: 400 })),
  },
  {
    id: 'mebibyte-200',
    says: 'Answers 200 to a chunk of 1 MiB.',
    breaks: ['pulse.patch.204', 'pulse.flow.e2e'],
    source: 'https://github.com/tus/tus-py-client/issues/44',
    behaviour: () =>
      answering(
        (facts) => isPatch(facts) && status(204)(facts) && isMebibyte(facts),
        (reply) => ({ ...reply, status: 200 }),
      ),
  },
  {
    id: 'mebibyte-without-version',
    says: 'Does not name the tus version in the answer to a chunk of 1 MiB.',
    breaks: ['pulse.patch.offset', 'core.version.response-header'],
    behaviour: () =>
      answering(
        (facts) => isPatch(facts) && status(204)(facts) && isMebibyte(facts),
        (reply) => withHeaders(reply, { 'Tus-Resumable': undefined }),
      ),
  },
  {
    id: 'offset-mismatch-400',
    says: 'Answers 400 to five bytes at the wrong offset.',
    breaks: ['pulse.patch.409'],
    behaviour: () =>
      answering(
        (facts) => both(isPatch, status(409))(facts) && facts.exchange.request.bodyBytes === 5,
        (reply) => ({ ...reply, status: 400 }),
      ),
  },
  {
    id: 'offset-mismatch-in-silence',
    says: 'Does not explain a 409.',
    breaks: ['pulse.patch.409-json'],
    behaviour: () =>
      answering(both(isPatch, status(409)), ({ body: _, ...reply }) =>
        withHeaders(reply, { 'Content-Type': undefined }),
      ),
  },
  {
    id: 'pulse-unknown-patch-500',
    says: 'Fails inside when a chunk comes for an upload that does not exist.',
    breaks: ['pulse.patch.404', 'core.patch.unknown.404', 'termination.then-patch', 'sec.id.reserved'],
    behaviour: () => answering(both(isPatch, status(404)), () => refusal(500, 'internal error')),
  },
  {
    id: 'second-chunk-first-taken',
    says: 'Takes a chunk that is too early by exactly its own size, and puts it at the end.',
    breaks: ['pulse.patch.sequential', 'data.out-of-order'],
    behaviour: () => ({
      rules: {
        patchHeld: {
          offsetMatches: ({ request, upload }) => {
            const offset = Number(request.headers['upload-offset']);
            const isNext = offset === request.bodyBytes && upload.offsetBytes === 0 && offset > 100;
            return offset === upload.offsetBytes || isNext ? undefined : refusal(409, 'wrong offset');
          },
        },
      },
    }),
  },
  {
    id: 'second-cut-damages',
    says: 'Damages the last stored byte when the connection breaks inside the second of three chunks for the second time.',
    breaks: ['pulse.patch.retry-3x1s', 'data.disconnect.no-head-retry'],
    behaviour: () => filtering(secondCutDamages()),
  },
  {
    id: 'plain-octet-stream-500',
    says: 'Fails inside when a chunk is application/octet-stream.',
    breaks: ['pulse.patch.octet-stream-alias'],
    behaviour: () =>
      refusing(({ request }) =>
        request.headers['content-type'] === 'application/octet-stream'
          ? refusal(500, 'no parser')
          : undefined,
      ),
  },
  {
    id: 'upload-of-the-app-takes-forms-only',
    says: 'Takes only forms for uploads that were created as the app does it.',
    breaks: [
      'pulse.patch.tus-default',
      'pulse.create.upload-id',
      'creation.post.immediately-usable',
      'http.keepalive',
    ],
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const { method: asked, headers } = exchange.request;
        const upload = asked === 'PATCH' ? await uploadOf(exchange, parts) : undefined;
        const isRaw = !(headers['content-type'] ?? '').startsWith('multipart/');
        const isOfTheApp = upload !== undefined && upload.info.metadata === undefined;
        return isRaw && isOfTheApp ? refusal(415, 'a chunk must be a form') : next();
      }),
  },
  {
    id: 'raw-form-is-blanked',
    says: 'Blanks a raw chunk that begins like a form.',
    breaks: ['pulse.patch.raw-not-wrapped'],
    behaviour: () => ({
      store: (store) => ({
        ...store,
        write: async (id) => {
          const writer = await store.write(id);
          return {
            ...writer,
            write: (pieces, positionBytes) =>
              writer.write(
                pieces.map((piece) =>
                  Buffer.from(piece).toString('latin1', 0, 5) === '--b\r\n'
                    ? Buffer.alloc(piece.length)
                    : piece,
                ),
                positionBytes,
              ),
          };
        },
      }),
    }),
  },
];

function isMebibyte({ exchange }: Parameters<Parameters<typeof answering>[0]>[0]): boolean {
  const type = exchange.request.headers['content-type'] ?? '';
  return exchange.request.bodyBytes === 1024 * 1024 && !type.startsWith('multipart/');
}

/** Of three chunks of 64 KiB, as the checks that must notice send them: other broken uploads are left alone. */
function isInsideSecondChunk({ info, offsetBytes }: LiveUpload): boolean {
  const chunkBytes = 64 * 1024;
  return info.lengthBytes === 3 * chunkBytes && offsetBytes > chunkBytes && offsetBytes < 2 * chunkBytes;
}

function secondCutDamages(): Filter {
  const cuts = new Map<LiveUpload, number>();
  return async (exchange, next, parts) => {
    const reply = await next();
    const { incoming, request } = exchange;
    if (request.method !== 'PATCH' || incoming.complete) return reply;
    const upload = await uploadOf(exchange, parts);
    if (upload === undefined || upload.finished || !isInsideSecondChunk(upload)) return reply;
    const times = (cuts.get(upload) ?? 0) + 1;
    cuts.set(upload, times);
    if (times === 2) await damage(upload.info.id, upload.offsetBytes - 1, Uint8Array.of(0), parts);
    return reply;
  };
}
