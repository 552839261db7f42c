import type { Readable } from 'node:stream';
import type { FinishedFile, UploadInfo, UploadView } from './upload.ts';

/** Where uploads live. One server owns a store; the store itself does not lock uploads. */
export interface Store {
  /** Creates an empty upload that survives a crash from the moment this resolves. */
  create(info: UploadInfo): Promise<void>;
  /** Replaces what is known about an upload that is not finished, as durably. */
  update(info: UploadInfo): Promise<void>;
  /** The ids of all uploads, finished or not. */
  ids(): Promise<readonly string[]>;
  /** The upload as it is stored now, its offset being the number of bytes that are really there. */
  load(id: string): Promise<UploadView | undefined>;
  /** Opens the upload for writing; at most one writer at a time. */
  write(id: string): Promise<Writer>;
  /** A place for bytes that do not count yet; a crash leaves nothing of it. */
  spool(id: string): Promise<Spool>;
  /** Makes every byte of the upload durable. */
  sync(id: string): Promise<void>;
  /** The bytes of an upload, finished or not: all of them, or from the first to the last that are named. */
  read(upload: UploadView, range?: { readonly first: number; readonly last: number }): Readable;
  /** Gives a complete upload its final name (or one derived from it, where that is taken) and remembers the result. */
  finish(id: string, wanted: FinishedFile): Promise<FinishedFile>;
  /** Whether the file of a finished upload is still where it was put, and no other has come there. */
  holds(upload: UploadView): Promise<boolean>;
  /** Removes everything of an upload. */
  remove(upload: UploadView): Promise<void>;
  /** Gives the folder free for another server. */
  close(): Promise<void>;
}

export interface Spool {
  readonly writer: Writer;
  read(): Readable;
  /** Closes it and throws it away. */
  remove(): Promise<void>;
}

export interface Writer {
  /** Writes the pieces one behind another from `positionBytes` on; resolves to the number of bytes written. */
  write(pieces: readonly Uint8Array[], positionBytes: number): Promise<number>;
  close(): Promise<void>;
}
