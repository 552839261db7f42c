import { isSuccess, offsetOf } from '../answers.ts';
import { type Payload, SMALL_FILE_BYTES } from '../payload.ts';
import { chunkForm, type Form, form } from '../probe/form.ts';
import type { Probe } from '../probe/probe.ts';
import type { RequestOptions } from '../probe/request.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { sentOnce } from './sent-once.ts';

/** Chunks as multipart/form-data with the file field `chunk` (chunked-uploads page, option A). */

const KiB = 1024;
const MiB = 1024 * KiB;

export const formChunk = scenario({
  id: 'multipart-chunk',
  does: 'sends a small file as the file "chunk" of a form, and reads them back',
  needs: ['multipart'],
  run: async (probe) => sentAsForms(probe, probe.payload(SMALL_FILE_BYTES)),
});

/** Nearly the delimiter, and everything else that a careless parser trips over. */
const oddBytes = Buffer.concat([
  Buffer.from(
    '\r\n--pulse-verify-7MA4YWxkTrZu0gX\r\n\r\n--\r\n--bX\r\n\r\nContent-Disposition: form-data\r\n',
  ),
  Buffer.alloc(64),
  Buffer.from([0xff, 0xfe, 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a]),
]);

export const formBytes = scenario({
  id: 'multipart-bytes',
  does: 'sends 1 MiB as one form, and bytes that look like the ends of a form as another, and reads both back',
  needs: ['multipart'],
  sendsBytes: MiB + 16 * KiB,
  run: async (probe) => ({
    mebibyte: await sentAsForms(probe, probe.payload(MiB)),
    odd: await sentAsForms(probe, probe.literalFile(oddBytes)),
  }),
});

export const mixedChunks = scenario({
  id: 'multipart-mixed',
  does: 'sends a raw chunk, a form and a raw chunk to one upload, and reads the file back',
  needs: ['multipart'],
  run: async (probe) => {
    const file = probe.payload(3000);
    const upload = await probe.create(file.sizeBytes);
    const patches: Exchange[] = [];
    let offset = 0;
    for (const isForm of [false, true, false]) {
      const part = file.part(offset, Math.min(offset + 1000, file.sizeBytes));
      const patched = isForm
        ? await patchForm(probe, upload, offset, chunkForm(part))
        : await probe.patch(upload, offset, part);
      patches.push(patched);
      offset = offsetOf(patched) ?? offset;
    }
    const finish = await probe.finish(upload, file);
    return { patches, finish, content: await probe.content(upload, file) };
  },
});

export const refusedForms = scenario({
  id: 'multipart-refused',
  does: 'sends a form at offset 5 of a fresh upload, and one whose file has another name',
  needs: ['multipart'],
  run: async (probe) => {
    const file = probe.payload(10);
    const upload = await probe.create(file.sizeBytes);
    const tooEarly = await patchForm(probe, upload, 5, chunkForm(file.part(5, 10)));
    const after = await probe.currentOffset(upload);
    const other = await probe.create(file.sizeBytes);
    const named = form([{ name: 'file', filename: 'chunk', bytes: file.part(0, 10) }]);
    return { tooEarly, after, wrongField: await patchForm(probe, other, 0, named) };
  },
});

export const largeForm = scenario({
  id: 'multipart-2-mib',
  does: 'sends a form whose file is one byte longer than 2 MiB, and asks what became of it',
  needs: ['multipart'],
  sendsBytes: 2 * MiB + 16 * KiB,
  run: async (probe) => {
    const file = probe.payload(2 * MiB + 1);
    const upload = await probe.create(file.sizeBytes);
    const patched = await patchForm(probe, upload, 0, chunkForm(file.part(0, file.sizeBytes)));
    const after = await probe.settle(upload);
    if (!isSuccess(patched)) return { patched, after };
    // It may have taken less than was sent, as long as it says so.
    await restOf(probe, upload, file, patched);
    return { patched, after, content: await probe.content(upload, file) };
  },
});

/** In the first upload the connection breaks inside the file, in the second the form is sent without its end. */
export const truncatedForms = scenario({
  id: 'multipart-truncated',
  does: 'cuts the connection inside the file of a form, sends a form without its closing delimiter, and finishes both uploads',
  needs: ['multipart'],
  sendsBytes: 128 * KiB,
  run: async (probe) => {
    const large = probe.payload(32 * KiB);
    const cutUpload = await probe.create(large.sizeBytes);
    const cut = await patchForm(probe, cutUpload, 0, chunkForm(large.part(0, large.sizeBytes)), {
      cut: { afterBytes: large.sizeBytes / 2, by: 'close' },
    });
    const afterCut = await probe.settle(cutUpload, { from: 0, bytes: cut.sent.writtenBytes });
    const cutFinish = await probe.finish(cutUpload, large);
    const cutContent = await probe.content(cutUpload, large);

    const small = probe.payload(2000, 'open');
    const openUpload = await probe.create(small.sizeBytes);
    const part = { name: 'chunk', filename: 'chunk', bytes: small.part(0, 1000) };
    const open = await patchForm(probe, openUpload, 0, form([part], { isOpen: true }));
    const afterOpen = await probe.settle(openUpload);
    const openFinish = await probe.finish(openUpload, small);
    const openContent = await probe.content(openUpload, small);
    return {
      whileCut: { exchange: cut, after: afterCut, finish: cutFinish, content: cutContent },
      open: { exchange: open, after: afterOpen, finish: openFinish, content: openContent },
    };
  },
});

export const twoFiles = scenario({
  id: 'multipart-two-files',
  does: 'sends a form with two files "chunk" of 5 bytes, sends what is then missing, and reads the file back',
  needs: ['multipart'],
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const both = form([
      { name: 'chunk', filename: 'a', bytes: file.part(0, 5) },
      { name: 'chunk', filename: 'b', bytes: file.part(5, 10) },
    ]);
    const patched = await patchForm(probe, upload, 0, both);
    const after = await probe.settle(upload);
    const finish = await probe.finish(upload, file);
    return { patched, after, finish, content: await probe.content(upload, file) };
  },
});

/** The folder cannot exist: whoever uses the name as a path fails, and touches nothing. */
export const pathAsPartName = scenario({
  id: 'multipart-part-filename',
  does: 'sends a form whose file is named like a file in a folder that does not exist, and reads the file back',
  needs: ['multipart'],
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const filename = `../${probe.fileName()}/chunk.bin`;
    const named = form([{ name: 'chunk', filename, bytes: file.part(0, file.sizeBytes) }]);
    const patched = await patchForm(probe, upload, 0, named);
    const finish = await probe.finish(upload, file);
    return { patched, finish, content: await probe.content(upload, file) };
  },
});

export const formWithoutFile = scenario({
  id: 'multipart-no-file',
  does: 'sends a form that holds one text field and no file, and asks whether the server still answers',
  needs: ['multipart', 'intrusive'],
  alone: true,
  run: async (probe) => {
    const upload = await probe.create(10);
    const patched = await patchForm(probe, upload, 0, form([{ name: 'x', bytes: 'y' }]), sentOnce);
    return { patched, alive: await probe.alive() };
  },
});

export const formWithoutBoundary = scenario({
  id: 'multipart-no-boundary',
  does: 'sends a form without saying its boundary, and asks where the upload stands and whether the server still answers',
  needs: ['multipart', 'intrusive'],
  alone: true,
  run: async (probe) => {
    const file = probe.payload(10);
    const upload = await probe.create(1000);
    const { body } = chunkForm(file.part(0, 10));
    const patched = await patchForm(probe, upload, 0, { type: 'multipart/form-data', body }, sentOnce);
    return { patched, after: await probe.settle(upload), alive: await probe.alive() };
  },
});

/** A whole file as one form, without any trouble. */
async function sentAsForms(probe: Probe, file: Payload) {
  const upload = await probe.create(file.sizeBytes);
  const patched = await patchForm(probe, upload, 0, chunkForm(file.part(0, file.sizeBytes)));
  const finish = await restOf(probe, upload, file, patched);
  return { patched, sizeBytes: file.sizeBytes, finish, content: await probe.content(upload, file) };
}

/** What the server acknowledged less than was sent. */
function restOf(probe: Probe, upload: Upload, file: Payload, patched: Exchange) {
  const from = offsetOf(patched);
  return probe.finish(upload, file, { ...(from !== undefined && { from }), asForms: isSuccess(patched) });
}

function patchForm(
  probe: Probe,
  upload: Upload,
  offset: number,
  { body, type }: Form,
  options: RequestOptions = {},
) {
  return probe.patch(upload, offset, body, { ...options, headers: { 'Content-Type': type } });
}
