import type { Extension } from '../extension.ts';
import { refusal } from '../http/exchange.ts';
import type { Parts } from '../parts.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import { dateAt, steadyNowMs } from '../store/steady-time.ts';
import { isComplete } from '../store/upload.ts';

/** How many expired uploads are remembered, to be answered 410 and not 404. */
const REMEMBERED = 10_000;
const LONGEST_SWEEP_PAUSE_MS = 60_000;

/**
 * Unfinished uploads are removed when nothing was written to them for `afterMs` (tus 1.0, Expiration). The deadline
 * moves with every PATCH, so that a slow upload is never taken away from under its client.
 */
export function expiration(afterMs: number, nowMs: () => number = steadyNowMs): Extension {
  const expired = new Set<string>();
  const isOver = (upload: LiveUpload) =>
    !isComplete(upload) &&
    upload.hold === undefined &&
    upload.joining === undefined &&
    nowMs() >= upload.touchedMs + afterMs;
  const remove = async (upload: LiveUpload, { uploads }: Parts) => {
    expired.add(upload.info.id);
    if (expired.size > REMEMBERED) expired.delete([...expired][0] ?? '');
    await uploads.remove(upload);
  };
  const sweep = async (parts: Parts) => {
    for (const id of await parts.store.ids()) {
      const upload = await parts.uploads.find(id);
      if (upload !== undefined && isOver(upload)) await remove(upload, parts);
    }
  };
  return {
    name: 'expiration',
    meet: async (upload, _request, parts) => {
      if (!isOver(upload)) return undefined;
      await remove(upload, parts);
      return gone();
    },
    missing: (id) => (expired.has(id) ? gone() : undefined),
    // The text speaks of unfinished uploads only; and seconds are all that an HTTP date can say.
    tell: (upload) =>
      isComplete(upload) ? {} : { 'Upload-Expires': dateAt(upload.touchedMs + afterMs).toUTCString() },
    run: (parts) => {
      const pauseMs = Math.max(100, Math.min(afterMs, LONGEST_SWEEP_PAUSE_MS));
      const timer = setInterval(() => void sweep(parts).catch(() => {}), pauseMs);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}

function gone() {
  return refusal(410, 'the upload has expired');
}
