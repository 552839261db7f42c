import { told } from '../extension.ts';
import type { UploadVerb } from '../parts.ts';

/** HEAD: what is stored at this moment. It never waits for a PATCH that runs, nor disturbs it. */
export const head: UploadVerb = async (_exchange, upload, parts) =>
  told(parts.answers.head(upload), upload, parts);
