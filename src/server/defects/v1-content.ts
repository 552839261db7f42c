import { type RequestHead, refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import { filtering, isCreation, refusing, uploadOf, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';

/**
 * Files that a v1 server damages after it took them: what the mistakes of finalize show in pulse. Whoever asks for
 * the artifact gets something else.
 */

const serve = { protocol: 'pulse-v1' } as const;

const KiB = 1024;
const MiB = KiB * KiB;

interface Asked {
  readonly request: RequestHead;
  /** The size that the upload was created with. */
  readonly lengthBytes: number | undefined;
}

const ofSize =
  (sizeBytes: number) =>
  ({ lengthBytes }: Asked) =>
    lengthBytes === sizeBytes;

const withChunk =
  (chunkBytes: number, offsetBytes: number, sizeBytes: number) =>
  ({ request: { method, bodyBytes, headers }, lengthBytes }: Asked) =>
    method === 'PATCH' &&
    bodyBytes === chunkBytes &&
    headers['upload-offset'] === String(offsetBytes) &&
    lengthBytes === sizeBytes;

/** `[id, what it says, what notices, whether a request makes its upload one that is damaged]` */
const damaged: readonly (readonly [string, string, readonly string[], (asked: Asked) => boolean])[] = [
  ['v1-damages-1-mib', 'Damages files of exactly 1 MiB.', ['data.chunk.exact-1mib'], ofSize(MiB)],
  ['v1-damages-2-mib', 'Damages files of exactly 2 MiB.', ['data.chunk.exact-multiple'], ofSize(2 * MiB)],
  [
    'v1-fills-up-to-1-mib',
    'Adds a byte to files that are one short of 1 MiB.',
    ['data.chunk.one-byte-short'],
    ofSize(MiB - 1),
  ],
  ['v1-damages-single-byte', 'Damages files of one byte.', ['data.chunk.single-byte-file'], ofSize(1)],
  [
    'v1-fills-empty-files',
    'Serves something for an empty file.',
    ['data.zero-length', 'creation.post.zero-length-complete'],
    ofSize(0),
  ],
  [
    'v1-damages-odd-chunks',
    'Damages files whose first chunk is of one byte.',
    ['data.chunk.odd-sizes'],
    withChunk(1, 0, MiB / 4),
  ],
  ['v1-unpacks-gzip', 'Unpacks what looks like gzip.', ['data.content-agnostic'], ofSize(26)],
  [
    'v1-complete-one-byte-early',
    'Takes a file for complete when its last byte is missing.',
    ['data.completion-exact'],
    withChunk(999, 0, 1000),
  ],
  [
    'v1-second-of-five-lost',
    'Loses the second of two chunks of five bytes that come without a pause.',
    ['data.pipelined'],
    withChunk(5, 5, 24),
  ],
];

export const v1ContentDefects: readonly Defect[] = [
  ...damaged.map(
    ([id, says, breaks, isMeant]): Defect => ({
      id,
      says,
      breaks,
      serve,
      behaviour: () => damaging(isMeant),
    }),
  ),
  {
    id: 'v1-empty-files-refused',
    says: 'Refuses to create an empty file.',
    breaks: ['creation.post.zero-length', 'data.zero-length'],
    serve,
    behaviour: () =>
      refusing(({ request }) =>
        isCreation(request) &&
        request.headers['upload-length'] === '0' &&
        !request.headers['upload-metadata']?.includes('checksum ')
          ? refusal(400, 'the file is empty')
          : undefined,
      ),
  },
  {
    id: 'v1-get-of-upload-fails',
    says: 'Falls over GET of the URL of an upload.',
    breaks: ['http.get-on-upload'],
    serve,
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const { method, path } = exchange.request;
        const isUpload = method === 'GET' && path.startsWith('/upload/');
        const upload = isUpload ? await uploadOf(exchange, parts) : undefined;
        return upload?.info.lengthBytes === 65_536 ? refusal(500, 'internal error') : next();
      }),
  },
];

function damaging(isMeant: (asked: Asked) => boolean): Behaviour {
  const meant = new Set<string>();
  return filtering(async (exchange, next, parts) => {
    const { request } = exchange;
    const upload = await uploadOf(exchange, parts);
    if (upload && isMeant({ request, lengthBytes: upload.info.lengthBytes })) meant.add(upload.info.id);
    const reply = await next();
    const isArtifact = request.method === 'GET' && request.path.startsWith('/artifacts/');
    if (!isArtifact || reply.status !== 200 || upload === undefined || !meant.has(upload.info.id))
      return reply;
    return { ...withHeaders(reply, { 'Content-Length': undefined }), body: 'another file' };
  });
}
