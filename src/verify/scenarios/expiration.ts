import { headerOf, offsetOf } from '../answers.ts';
import { Skip } from '../check.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import type { Probe } from '../probe/probe.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { trialOf } from './trial.ts';

/** Uploads that are removed when nobody finishes them in time. */

/** HTTP dates are whole seconds: what moves with each chunk is seen to move after one. */
const TICK_MS = 1100;

export const deadlines = scenario({
  id: 'deadlines',
  does: 'creates a small upload, and sends 4 bytes, 3 and the rest; the 3 a second later, where the first chunk states a deadline and the creation none',
  needs: ['offers expiration'],
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const patched: Exchange[] = [];
    let at = 0;
    for (const end of [4, 7, SMALL_FILE_BYTES]) {
      const chunk = await probe.patch(upload, at, file.part(at, end));
      patched.push(chunk);
      at = offsetOf(chunk) ?? end;
      const [early, late] = [upload.created, chunk].map((each) => headerOf(each, 'Upload-Expires'));
      if (patched.length === 1 && early === undefined && late !== undefined) await probe.pause(TICK_MS);
    }
    return { created: upload.created, patched };
  },
});

/** Clocks tick in seconds here, and servers may look for what has expired a little later. */
const GRACE_MS = 2000;

export const expired = scenario({
  id: 'expired',
  does: 'sends 4 of 13 bytes, waits until 2 s behind Upload-Expires, and asks HEAD, sends 3 more, and asks HEAD again',
  needs: ['offers expiration'],
  awaitsDeadline: true,
  run: async (probe) => {
    const file = probe.payload(13);
    const upload = await probe.create(file.sizeBytes);
    const chunk = await probe.patch(upload, 0, file.part(0, 4));
    await outliveDeadline(probe, timeLeftMs(chunk) ?? timeLeftMs(upload.created));
    const head = await probe.head(upload);
    const at = offsetOf(chunk) ?? 4;
    const late = await trialOf(probe, upload, at, () => probe.patch(upload, at, file.part(at, at + 3)));
    return { head, late, after: late.after.exchanges.at(-1) };
  },
});

/** Waits until shortly behind the deadline, where the run allows it. */
export async function outliveDeadline(probe: Probe, leftMs: number | undefined): Promise<void> {
  if (leftMs === undefined) throw new Skip('the server states no deadline (Upload-Expires)');
  const waitMs = Math.max(0, leftMs) + GRACE_MS;
  if (waitMs > probe.maxWaitMs) {
    const seconds = Math.ceil(waitMs / 1000);
    throw new Skip(`uploads expire ${seconds} s after their last byte: only with --max-wait ${seconds}s`);
  }
  await probe.pause(waitMs);
}

/** From the answer's own Date to its Upload-Expires; undefined where one of them is missing or no date. */
export function timeLeftMs(exchange: Exchange): number | undefined {
  const deadlineMs = Date.parse(headerOf(exchange, 'Upload-Expires') ?? '');
  const leftMs = deadlineMs - Date.parse(headerOf(exchange, 'Date') ?? '');
  return Number.isNaN(leftMs) ? undefined : leftMs;
}
