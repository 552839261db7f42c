import type { Parts } from '../parts.ts';
import type { UploadView } from '../store/upload.ts';
import type { Reply, RequestHead } from './exchange.ts';

/** A whole file, or the one range of it that was asked for (RFC 9110, 14): players seek by ranges. */
export function fileReply(
  { headers, method, isOverridden }: RequestHead,
  more: Readonly<Record<string, string>>,
  upload: UploadView,
  { store }: Parts,
): Reply {
  const sizeBytes = upload.offsetBytes;
  const range = rangeOf(headers.range, sizeBytes);
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { 'Content-Range': `bytes */${sizeBytes}` } };
  }
  const { first, last } = range ?? { first: 0, last: sizeBytes - 1 };
  const isHead = method === 'HEAD';
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      'Accept-Ranges': 'bytes',
      // Of a body that does not come only the answer to a real HEAD may tell the length (RFC 9112, 6.3).
      ...(!(isHead && isOverridden) && { 'Content-Length': String(last - first + 1) }),
      ...(range && { 'Content-Range': `bytes ${first}-${last}/${sizeBytes}` }),
      ...more,
    },
    ...(!isHead && last >= first && { body: store.read(upload, { first, last }) }),
  };
}

/** Undefined where the whole file is to be sent: no range, several, or none that is understood. */
function rangeOf(
  text: string | undefined,
  sizeBytes: number,
): { first: number; last: number } | 'unsatisfiable' | undefined {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(text ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const first = from === '' ? Math.max(0, sizeBytes - Number(to)) : Number(from);
  const last = from === '' || to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (from !== '' && to !== '' && Number(to) < first) return undefined;
  return first > last ? 'unsatisfiable' : { first, last };
}
