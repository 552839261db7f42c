/** What an upload is, and what may happen to it. No I/O here. */

/** What is fixed when an upload is created. */
export interface UploadInfo {
  readonly id: string;
  /** Absent as long as the client has not said it (tus 1.0, Upload-Defer-Length). */
  readonly lengthBytes?: number;
  /** Upload-Metadata exactly as the client wrote it; absent where it gave none. */
  readonly metadata?: string;
  /** Absent for an upload that is neither part of another nor made of others (tus 1.0, Concatenation). */
  readonly concat?: Concat;
}

export type Concat =
  | { readonly kind: 'partial' }
  | {
      readonly kind: 'final';
      /** Upload-Concat as the client wrote it. */
      readonly text: string;
      /** What it names, in order. */
      readonly partIds: readonly string[];
      /** Present while its creation is not answered: after a crash nobody knows of it, and nobody will ask for it. */
      readonly untold?: true;
    };

/** What a stored file really is. */
export interface Measured {
  readonly sizeBytes: number;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
}

/** Where a complete upload went; written down before it goes there, so that a repeat gives the same answer. */
export interface FinishedFile {
  /** The file's name inside the server's folder. */
  readonly name: string;
  readonly sizeBytes: number;
  /** 64 lower-case hex digits; absent where nobody asked for a checksum. */
  readonly sha256?: string;
  /** When its last byte was written, which tells it from another file of its name; absent in what earlier versions wrote. */
  readonly writtenMs?: number;
}

/** An upload at one moment. */
export interface UploadView {
  readonly info: UploadInfo;
  /** How many bytes are stored: the Upload-Offset. */
  readonly offsetBytes: number;
  /** When bytes were last stored, or the upload was created: milliseconds since the epoch. */
  readonly touchedMs: number;
  readonly finished?: FinishedFile | undefined;
}

export function isComplete(upload: UploadView): boolean {
  return upload.offsetBytes === upload.info.lengthBytes;
}

/** How many more bytes may be stored, as far as the upload itself knows. */
export function roomBytes(upload: UploadView): number {
  return (upload.info.lengthBytes ?? Infinity) - upload.offsetBytes;
}

/** Ids are UUIDs in lower case: nothing else is ever looked up, so an id is never a path. */
export function isUploadId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
