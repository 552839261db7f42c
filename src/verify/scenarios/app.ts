import { isSuccess } from '../answers.ts';
import { scenario } from '../scenario.ts';
import { outliveDeadline, timeLeftMs } from './expiration.ts';

/** What the Pulse Cam app does, and what its code takes for granted. */

/** How long the app waits for the capabilities. */
export const APP_PATIENCE_MS = 8000;
/** Asked for longer than that, so that slow is told from silent. */
const ANSWER_MS = APP_PATIENCE_MS + 2000;

export const capabilitiesTimed = scenario({
  id: 'app-capabilities-timed',
  does: 'asks for the capabilities over a new connection, and takes the time',
  run: async (probe) => {
    const startMs = probe.nowMs();
    const asked = await probe.request('GET', probe.target.aliveUrl, {
      as: 'nobody',
      alone: true,
      headers: { Accept: 'application/json' },
      timeoutMs: ANSWER_MS,
    });
    return { asked, tookMs: probe.nowMs() - startMs };
  },
});

const HANDED_OVER_BYTES = 48 * 1024;
const STALLED_BYTES = HANDED_OVER_BYTES / 2;

/** A phone that changes networks: its old connection is dead, and the server does not know yet. */
export const handedOver = scenario({
  id: 'app-hand-over',
  does: 'stalls in the middle of a chunk, asks HEAD and goes on from there over other connections, and closes the stalled one',
  needs: ['head'],
  run: async (probe) => {
    const file = probe.payload(HANDED_OVER_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const chunk = file.part(0, file.sizeBytes);
    const half = { stallAfterBytes: STALLED_BYTES };
    const stalled = await probe.begin('PATCH', upload.url, probe.patchOptions(0, chunk, half));
    await probe.pause(100);
    const asked = await probe.head(upload);
    // The offset may still move with the bytes that are on their way.
    const at = isSuccess(asked) ? await probe.settle(upload, { from: 0, bytes: STALLED_BYTES }) : undefined;
    const resumed =
      at?.bytes === undefined
        ? undefined
        : await probe.patch(upload, at.bytes, file.part(at.bytes, file.sizeBytes));
    stalled.link.close();
    return { asked, at, resumed, after: await probe.settle(upload) };
  },
});

/** As many as the servers of the proof let expire at once. */
const EXPIRED_BYTES = 13;

export const recreatedAfterExpiry = scenario({
  id: 'app-recreated-after-expiry',
  does: 'sends 4 of 13 bytes, waits until 2 s behind Upload-Expires, asks HEAD, and creates the same artifact anew',
  needs: ['offers expiration'],
  awaitsDeadline: true,
  run: async (probe) => {
    const file = probe.payload(EXPIRED_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const chunk = await probe.patch(upload, 0, file.part(0, 4));
    await outliveDeadline(probe, timeLeftMs(chunk) ?? timeLeftMs(upload.created));
    const gone = await probe.head(upload);
    const metadata = upload.created.sent.headers.find(([name]) => name === 'Upload-Metadata')?.[1];
    return { gone, anew: await probe.post(file.sizeBytes, { headers: { 'Upload-Metadata': metadata } }) };
  },
});
