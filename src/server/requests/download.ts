import { refusal } from '../http/exchange.ts';
import type { UploadVerb } from '../parts.ts';
import { atRest } from './complete.ts';

/**
 * GET: the bytes of a complete upload, where the protocol has no finalize that proves them by checksum.
 * As an attachment of no type in particular, so that nothing uploaded runs in the server's origin.
 */
export const download: UploadVerb = async ({ request }, upload, parts) => {
  const { rules, store } = parts;
  const refused = rules.download.complete({ upload, request });
  if (refused !== undefined) return refused;
  await atRest(upload, parts);
  if (upload.finished && !(await store.holds(upload))) return refusal(410, 'the file was taken away');
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': 'attachment',
      'Content-Length': String(upload.offsetBytes),
    },
    body: store.read(upload),
  };
};
