import type { Extension } from '../extension.ts';
import { refusal } from '../http/exchange.ts';
import type { Parts } from '../parts.ts';
import type { LiveUpload } from '../store/live-uploads.ts';

/** The length is said later, by a PATCH (tus 1.0, Creation: Upload-Defer-Length). */
export function creationDeferLength(): Extension {
  return {
    name: 'creation-defer-length',
    allowsNoLength: ({ headers }) => headers['upload-defer-length'] === '1',
    judgeCreation: async ({ headers }) => {
      const deferred = headers['upload-defer-length'];
      if (deferred === undefined) return undefined;
      if (deferred !== '1') return refusal(400, `Upload-Defer-Length is "${deferred}", expected 1`);
      return headers['upload-length'] === undefined
        ? undefined
        : refusal(400, 'Upload-Length and Upload-Defer-Length exclude each other');
    },
    judgePatch: async (request, upload, parts) => {
      const text = request.headers['upload-length'];
      if (text === undefined) return undefined;
      const lengthBytes = parts.rules.parse.length(text);
      const refused = unfit(lengthBytes, upload, parts);
      if (refused !== undefined || lengthBytes === undefined) return refused;
      if (upload.info.lengthBytes === undefined) await parts.uploads.update(upload, { lengthBytes });
      return undefined;
    },
    tell: ({ info }) =>
      info.lengthBytes === undefined && info.concat?.kind !== 'final' ? { 'Upload-Defer-Length': '1' } : {},
  };
}

/** Once known, a length never changes (tus 1.0, Creation). */
function unfit(lengthBytes: number | undefined, upload: LiveUpload, { maxSizeBytes = Infinity }: Parts) {
  const known = upload.info.lengthBytes;
  if (lengthBytes === undefined) return refusal(400, 'Upload-Length is no non-negative integer');
  if (known !== undefined && lengthBytes !== known)
    return refusal(400, `Upload-Length is ${lengthBytes}, but the upload has ${known} bytes`);
  if (lengthBytes < upload.offsetBytes)
    return refusal(400, `Upload-Length is ${lengthBytes}, but ${upload.offsetBytes} bytes are stored`);
  return lengthBytes > maxSizeBytes
    ? refusal(413, `Upload-Length is more than ${maxSizeBytes}`, { 'Tus-Max-Size': String(maxSizeBytes) })
    : undefined;
}
