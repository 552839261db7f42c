import { SMALL_FILE_BYTES } from '../payload.ts';
import { scenario } from '../scenario.ts';

/** A small upload in three chunks, with HEAD between them: what most requirements can be read from. */
export const basicFlow = scenario({
  id: 'basic-flow',
  does: 'creates a small upload, sends 4 bytes, 3 and the rest, asks HEAD before, between and after, and reads the content back',
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const ask = () => (probe.target.headless === undefined ? probe.head(upload) : undefined);
    const headEmpty = await ask();
    const first = await probe.patch(upload, 0, file.part(0, 4));
    const headAfterFirst = await ask();
    const second = await probe.patch(upload, 4, file.part(4, 7));
    const headAfterSecond = await ask();
    const third = await probe.patch(upload, 7, file.part(7, SMALL_FILE_BYTES));
    const headComplete = await ask();
    const content = await probe.content(upload, file);
    return {
      sizeBytes: file.sizeBytes,
      created: upload.created,
      headEmpty,
      first,
      headAfterFirst,
      second,
      headAfterSecond,
      third,
      headComplete,
      content,
    };
  },
});

/** What the server says to everything that it must refuse. */
export const refusals = scenario({
  id: 'refusals',
  does: 'asks HEAD on an upload that does not exist, sends a chunk too early, and one of another media type',
  run: async (probe) => {
    const file = probe.payload(10);
    const upload = await probe.create(file.sizeBytes);
    const headUnknown = await probe.head(probe.unknownUrl(upload));
    const tooEarly = await probe.patch(upload, 5, file.part(5, 10));
    const wrongType = await probe.patch(upload, 0, file.part(0, 5), {
      headers: { 'Content-Type': 'text/plain' },
    });
    return { headUnknown, tooEarly, wrongType };
  },
});

export const unknownPatch = scenario({
  id: 'unknown-patch',
  does: 'sends PATCH to an upload that does not exist, once HEAD has refused it',
  run: async (probe) => {
    const file = probe.payload(10);
    const unknown = await probe.unknownUpload(await probe.create(file.sizeBytes));
    return { patchUnknown: await probe.patch(unknown, 0, file.part(0, 5)) };
  },
});

/** An upload that is given up again. */
export const termination = scenario({
  id: 'termination',
  does: 'creates an upload, sends 4 of 10 bytes, deletes it, and asks HEAD',
  needs: ['termination'],
  run: async (probe) => {
    const file = probe.payload(10);
    const upload = await probe.create(file.sizeBytes);
    const patched = await probe.patch(upload, 0, file.part(0, 4));
    const deleted = await probe.remove(upload);
    const headDeleted = await probe.head(upload);
    return { patched, deleted, headDeleted };
  },
});
