import type { Hooks } from './extension.ts';
import type { Reply, RequestHead } from './http/exchange.ts';
import type { Route } from './http/routes.ts';
import type { Parts, UploadVerb } from './parts.ts';
import type { LiveUpload } from './store/live-uploads.ts';
import type { Subject } from './tokens/token.ts';

/**
 * What one protocol does its own way, as a value. The tus requests below the creation path are the same for all;
 * like an extension, a dialect may judge creations, describe uploads, and so on.
 */
export interface Dialect extends Hooks {
  /** Where clients are sent to: this path behind the origin. */
  readonly clientPath: string;
  /** Resources beside the uploads; undefined for a path that it does not know. */
  readonly resource: (path: string) => Route | undefined;
  /** Methods of an upload beside HEAD and PATCH. */
  readonly uploadVerbs: Readonly<Record<string, UploadVerb>>;
  /** What becomes of an upload whose bytes are all there and durable, before the last one is acknowledged. */
  readonly settle?: (upload: LiveUpload, parts: Parts) => Promise<Reply | undefined>;
  /** The id of a new upload, where the client chooses it. */
  readonly idFor?: (request: RequestHead) => string | undefined;
  /** What a request is about, where tokens are bound to that; undefined where it names nothing that could be. */
  readonly subject?: (
    request: RequestHead,
    uploadId: string | undefined,
    parts: Parts,
  ) => Promise<Subject | undefined>;
  /** What every answer has in common; asked last. */
  readonly dress?: (reply: Reply) => Reply;
  /** What an operator hands out, so that somebody can upload one artifact; absent where there is no such link. */
  readonly link?: (server: string, artifactId: string, token: string | undefined) => string;
  /** The limit of a server that was given none. */
  readonly maxSizeBytes?: number;
}
