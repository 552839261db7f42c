import { offsetOf } from '../answers.ts';
import { scenario } from '../scenario.ts';

const MiB = 1024 * 1024;

/** The whole way of the Pulse Cam app, with its own parameters. */
export const pulseFlow = scenario({
  id: 'pulse-flow',
  does: 'asks /health, creates an upload as the app does, sends it in chunks of 1 MiB, and finalizes it',
  sendsBytes: MiB + 32 * 1024,
  run: async (probe) => {
    const file = probe.payload(MiB + 4321);
    const health = await probe.request('GET', probe.target.aliveUrl);
    const upload = await probe.create(file.sizeBytes, {
      headers: { 'Content-Type': 'application/offset+octet-stream' },
    });
    const first = await probe.patch(upload, 0, file.part(0, MiB));
    // From where the server says, for it may have taken less than the chunk.
    const from = offsetOf(first) ?? MiB;
    const second = await probe.patch(upload, from, file.part(from, file.sizeBytes));
    const end = offsetOf(second);
    const finish = await probe.finish(upload, file, end === undefined ? {} : { from: end });
    const finalized = await probe.finalize(upload);
    return {
      health,
      created: upload.created,
      uploadId: upload.id,
      first,
      second,
      finish,
      finalized,
      sizeBytes: file.sizeBytes,
      sha256: file.sha256(),
    };
  },
});
