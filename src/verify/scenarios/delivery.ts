import { type Payload, SMALL_FILE_BYTES } from '../payload.ts';
import type { Body } from '../probe/body.ts';
import type { RequestOptions } from '../probe/request.ts';
import { type Scenario, scenario } from '../scenario.ts';
import type { SeenFile } from './seen-file.ts';

/** One file in one PATCH, delivered in unusual ways that are all right. */

const KiB = 1024;

export const chunkedPatch = delivered(
  'chunked-patch',
  'sends a file with Transfer-Encoding: chunked in chunks of five sizes',
  10 * KiB,
  {
    chunked: [1, 100, 1000, 3000, 6139],
  },
);

export const slowPatch = delivered('slow-patch', 'sends 20 bytes, one every 75 ms', 20, {
  bodyPace: { segmentBytes: 1, pauseMs: 75 },
});

export const segmentedHead = delivered(
  'segmented-head',
  'writes the head of a PATCH one byte per segment',
  SMALL_FILE_BYTES,
  {
    headPace: { segmentBytes: 1, pauseMs: 1 },
  },
);

function delivered(id: string, does: string, sizeBytes: number, options: RequestOptions): Scenario<SeenFile> {
  return scenario({
    id,
    does: `${does}, and reads it back`,
    run: async (probe) => {
      const file: Payload = probe.payload(sizeBytes);
      const upload = await probe.create(sizeBytes);
      const body: Body = file.part(0, sizeBytes);
      const patched = await probe.patch(upload, 0, body, options);
      const finish = await probe.finish(upload, file);
      return {
        created: upload.created,
        patches: [patched],
        finish,
        content: await probe.content(upload, file),
      };
    },
  });
}
