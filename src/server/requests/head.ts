import { told } from '../extension.ts';
import type { UploadVerb } from '../parts.ts';

/** HEAD: what is stored at this moment. It disturbs no PATCH, and waits for none whose bytes still come. */
export const head: UploadVerb = async (_exchange, upload, parts) =>
  told(parts.answers.head(upload), upload, parts);
