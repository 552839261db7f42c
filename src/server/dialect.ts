import type { Extension } from './extension.ts';
import type { LiveUpload } from './live-uploads.ts';
import type { Parts, UploadVerb } from './parts.ts';
import type { Route } from './routes.ts';

/**
 * What one protocol does its own way, as a value. The tus requests below the creation path are the same for all;
 * like an extension, a dialect may judge creations, describe uploads, and so on.
 */
export interface Dialect extends Omit<Extension, 'name' | 'uploadVerbs'> {
  /** Where clients are sent to: this path behind the origin. */
  readonly clientPath: string;
  /** Resources beside the uploads; undefined for a path that it does not know. */
  readonly resource: (path: string) => Route | undefined;
  /** Methods of an upload beside HEAD and PATCH. */
  readonly uploadVerbs: Readonly<Record<string, UploadVerb>>;
  /** What becomes of an upload whose bytes are all there and durable, before the last one is acknowledged. */
  readonly settle?: (upload: LiveUpload, parts: Parts) => Promise<void>;
}
