import { offsetOf } from '../answers.ts';
import { Blocked } from '../check.ts';
import type { Probe } from '../probe/probe.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';

/** Uploads that outlive the server's process. The user's command ends it, by a kill if it can, and starts it again. */

const KiB = 1024;

export const restartBetweenChunks = scenario({
  id: 'restart-between-chunks',
  does: 'sends two of three chunks, restarts the server, asks where the upload stands, and finishes it',
  needs: ['restart'],
  alone: true,
  sendsBytes: 192 * KiB,
  run: async (probe) => {
    const chunk = 24 * KiB;
    const file = probe.payload(3 * chunk);
    const upload = await probe.create(file.sizeBytes);
    await probe.patch(upload, 0, file.part(0, chunk));
    const second = await probe.patch(upload, chunk, file.part(chunk, 2 * chunk));
    const acknowledged = offsetOf(second);
    if (acknowledged === undefined) throw new Blocked('the second chunk was not acknowledged', [second]);
    await probe.restart();
    const first = await firstHead(probe, upload);
    const after = await probe.settle(upload);
    const finish = await probe.finish(upload, file);
    return { acknowledged, ...first, after, finish, content: await probe.content(upload, file) };
  },
});

export const restartDuringPatch = scenario({
  id: 'restart-during-patch',
  does: 'restarts the server in the middle of a chunk, asks where the upload stands, and finishes it',
  needs: ['restart'],
  alone: true,
  sendsBytes: 192 * KiB,
  run: async (probe) => {
    const file = probe.payload(64 * KiB);
    const upload = await probe.create(file.sizeBytes);
    const sentBytes = 32 * KiB;
    const options = probe.patchOptions(0, file.part(0, file.sizeBytes), { stallAfterBytes: sentBytes });
    const patching = await probe.begin('PATCH', upload.url, options);
    await probe.pause(100);
    await probe.restart();
    patching.link.close();
    const first = await firstHead(probe, upload);
    const after = await probe.settle(upload);
    const finish = await probe.finish(upload, file);
    return { sentBytes, ...first, after, finish, content: await probe.content(upload, file) };
  },
});

/** How a client asks first, where the server has HEAD. */
async function firstHead({ head, target }: Probe, upload: Upload): Promise<{ asked?: Exchange }> {
  return target.headless === undefined ? { asked: await head(upload) } : {};
}

export const hugeFile = scenario({
  id: 'huge-file',
  does: 'sends a file of 4 GiB and 1 MiB in chunks of 64 MiB and reads it back',
  needs: ['large', 'oracle'],
  alone: true,
  sendsBytes: 4097 * 1024 * KiB,
  timeoutMs: 15 * 60_000,
  run: async (probe) => {
    const GiB = probe.gibibyteBytes;
    const file = probe.payload(4 * GiB + GiB / 1024);
    const upload = await probe.create(file.sizeBytes);
    const finish = await probe.finish(upload, file, { from: 0, chunkBytes: GiB / 16 });
    return { finish, content: await probe.content(upload, file) };
  },
});
