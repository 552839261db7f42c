import { TUS_VERSION } from '../../protocol/headers.ts';
import type { FinishedFile, UploadView } from '../store/upload.ts';
import { json, type Reply } from './exchange.ts';

/** What the server says when a request was fulfilled. A deliberate defect or a variation replaces one of them. */
export interface Answers {
  /** Headers of every answer but those to OPTIONS. */
  readonly common: () => Readonly<Record<string, string>>;
  readonly health: () => Reply;
  readonly discovered: (facts: { extensions: readonly string[]; maxSizeBytes?: number | undefined }) => Reply;
  readonly created: (facts: { upload: UploadView; location: string; tookBody: boolean }) => Reply;
  readonly head: (upload: UploadView) => Reply;
  readonly patched: (upload: UploadView) => Reply;
  readonly finalized: (facts: { id: string; finished: FinishedFile }) => Reply;
  readonly terminated: () => Reply;
}

export const standardAnswers: Answers = {
  common: () => ({
    'Tus-Resumable': TUS_VERSION,
    // HEAD must not be cached (tus 1.0, HEAD), and no other answer here may be kept either.
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  }),
  health: () => json(200, { status: 'OK' }),
  discovered: ({ extensions, maxSizeBytes }) => ({
    status: 204,
    headers: {
      'Tus-Version': TUS_VERSION,
      ...(extensions.length > 0 && { 'Tus-Extension': extensions.join(',') }),
      ...(maxSizeBytes !== undefined && { 'Tus-Max-Size': String(maxSizeBytes) }),
    },
  }),
  created: ({ upload, location, tookBody }) => ({
    status: 201,
    headers: { Location: location, ...(tookBody && { 'Upload-Offset': String(upload.offsetBytes) }) },
  }),
  head: ({ info, offsetBytes }) => ({
    status: 200,
    headers: {
      'Upload-Offset': String(offsetBytes),
      ...(info.lengthBytes !== undefined && { 'Upload-Length': String(info.lengthBytes) }),
      ...(info.metadata !== undefined && { 'Upload-Metadata': info.metadata }),
    },
  }),
  patched: ({ offsetBytes }) => ({ status: 204, headers: { 'Upload-Offset': String(offsetBytes) } }),
  finalized: ({ id, finished }) =>
    json(200, {
      videoId: id,
      status: 'complete',
      size: finished.sizeBytes,
      checksum: `sha256:${finished.sha256}`,
    }),
  terminated: () => ({ status: 204 }),
};
