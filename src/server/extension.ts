import type { Exchange, Reply, RequestHead } from './http/exchange.ts';
import type { Receive } from './http/receive.ts';
import type { Parts, UploadVerb } from './parts.ts';
import type { LiveUpload } from './store/live-uploads.ts';
import type { UploadInfo, UploadView } from './store/upload.ts';

/** Header values to add; undefined takes one away. */
export type HeaderChanges = Readonly<Record<string, string | undefined>>;

/** A tus extension that the server offers: its name in Tus-Extension, and what it changes. */
export interface Extension extends Hooks {
  readonly name: string;
  /** Methods of an upload that it adds. */
  readonly uploadVerbs?: Readonly<Record<string, UploadVerb>>;
}

/** Where extensions and dialects may have a say. Whatever they do not change is absent; a reply ends the request. */
export interface Hooks {
  /** Headers that it adds to the answer to OPTIONS. */
  readonly discovered?: Readonly<Record<string, string>>;
  /** Whether an upload may be created without Upload-Length. */
  readonly allowsNoLength?: (request: RequestHead) => boolean;
  readonly judgeCreation?: (request: RequestHead, parts: Parts) => Promise<Reply | undefined>;
  /** What it writes down about a new upload. */
  readonly describe?: (request: RequestHead, parts: Parts) => Promise<Partial<UploadInfo>>;
  /** Whenever a request meets an upload, before anything else: brings it up to date, or answers in its place. */
  readonly meet?: (upload: LiveUpload, request: RequestHead, parts: Parts) => Promise<Reply | undefined>;
  /** Answers for an upload that is not there; undefined where it knows no better than 404. */
  readonly missing?: (id: string) => Reply | undefined;
  /** Asked with the right to write, before the body of a PATCH is read. */
  readonly judgePatch?: (
    request: RequestHead,
    upload: LiveUpload,
    parts: Parts,
  ) => Promise<Reply | undefined>;
  /** Stores the body in its own way; undefined where the request does not ask for that. */
  readonly receive?: (exchange: Exchange, parts: Parts) => Receive | Reply | undefined;
  /** Headers that it adds to answers about an upload: to its creation, HEAD and PATCH. */
  readonly tell?: (upload: UploadView) => HeaderChanges;
  /** Work beside all requests; returns what ends it, and resolves when nothing is written any more. */
  readonly run?: (parts: Parts) => () => void | Promise<void>;
}

export function offers({ extensions }: Pick<Parts, 'extensions'>, name: string): boolean {
  return extensions.some((extension) => extension.name === name);
}

export function hooksOf({ dialect, extensions }: Parts): readonly Hooks[] {
  return [dialect, ...extensions];
}

/** The first reply of any extension or of the dialect; undefined where all let the request pass. */
export async function firstReply(
  parts: Parts,
  ask: (hooks: Hooks) => Promise<Reply | undefined> | undefined,
): Promise<Reply | undefined> {
  for (const hooks of hooksOf(parts)) {
    const reply = await ask(hooks);
    if (reply !== undefined) return reply;
  }
  return undefined;
}

/** The answer about an upload, with what the extensions have to say of it. */
export function told(reply: Reply, upload: UploadView, parts: Parts): Reply {
  const headers = { ...reply.headers };
  for (const { tell } of hooksOf(parts)) {
    for (const [name, value] of Object.entries(tell?.(upload) ?? {})) {
      if (value === undefined) delete headers[name];
      else headers[name] = value;
    }
  }
  return { ...reply, headers };
}
