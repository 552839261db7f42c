import type { UploadVerb } from '../parts.ts';
import { breakHold } from '../store/hold.ts';

/** DELETE: whoever writes is stopped first, so that no late byte brings the upload back (tus 1.0, Termination). */
export const terminate: UploadVerb = async (_exchange, upload, { uploads, answers }) => {
  await uploads.remove(upload, async () => {
    await breakHold(upload);
    await Promise.allSettled([upload.joining, upload.settled, upload.finishing]);
  });
  return answers.terminated();
};
