import { encodeMetadata, OFFSET_OCTET_STREAM, TUS_VERSION } from './headers.ts';
import type { Chunk, NewUpload } from './protocol.ts';
import type { WireRequest } from './wire.ts';

/** The requests of tus 1.0, which every protocol of this family shares. */

const version = { 'Tus-Resumable': TUS_VERSION } as const;

export function createRequest(url: URL, upload: NewUpload): WireRequest {
  const metadata = encodeMetadata(upload.metadata);
  return {
    method: 'POST',
    url,
    headers: {
      ...version,
      ...(upload.sizeBytes === undefined
        ? { 'Upload-Defer-Length': '1' }
        : { 'Upload-Length': String(upload.sizeBytes) }),
      ...(upload.isPart && { 'Upload-Concat': 'partial' }),
      ...(metadata === '' ? {} : { 'Upload-Metadata': metadata }),
    },
  };
}

/** tus 1.0, Concatenation: the final upload of these partial ones. */
export function joinRequest(url: URL, partUrls: readonly URL[], given: NewUpload['metadata']): WireRequest {
  const metadata = encodeMetadata(given);
  return {
    method: 'POST',
    url,
    headers: {
      ...version,
      'Upload-Concat': `final;${partUrls.map(({ href }) => href).join(' ')}`,
      ...(metadata === '' ? {} : { 'Upload-Metadata': metadata }),
    },
  };
}

/** tus 1.0, Creation With Upload. */
export function creationWithUpload(creation: WireRequest, bytes: Uint8Array): WireRequest {
  return {
    ...creation,
    headers: { ...creation.headers, 'Content-Type': OFFSET_OCTET_STREAM },
    body: [bytes],
  };
}

export function statusRequest(url: URL): WireRequest {
  // A cached offset would be sent again and again (client fault C37).
  return { method: 'HEAD', url, headers: { ...version, 'Cache-Control': 'no-cache' } };
}

/** tus 1.0, Termination. */
export function terminateRequest(url: URL): WireRequest {
  return { method: 'DELETE', url, headers: { ...version } };
}

export function appendRequest(url: URL, chunk: Chunk): WireRequest {
  return {
    method: 'PATCH',
    url,
    headers: {
      ...version,
      'Upload-Offset': String(chunk.offsetBytes),
      ...(chunk.totalBytes !== undefined && { 'Upload-Length': String(chunk.totalBytes) }),
      'Content-Type': OFFSET_OCTET_STREAM,
      ...(chunk.checksum !== undefined && {
        'Upload-Checksum': `${chunk.checksum.algorithm} ${chunk.checksum.base64}`,
      }),
    },
    body: [chunk.bytes],
  };
}
