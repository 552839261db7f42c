import type { Content } from '../probe/content.ts';
import type { Finish } from '../probe/finish.ts';
import type { KnownOffset } from '../probe/offsets.ts';
import type { Exchange } from '../recording.ts';

/** A file that was sent to its end and compared. */
export interface SeenFile {
  readonly created: Exchange;
  readonly patches: readonly Exchange[];
  readonly finish: Finish;
  readonly content: Content;
}

/** A chunk that broke off: where the upload stood before, what was sent, and where it stood afterwards. */
export interface SeenCut {
  readonly beforeBytes: number;
  readonly cut: Exchange;
  /** Payload handed to the network before the end. */
  readonly sentBytes: number;
  readonly after: KnownOffset;
}

/** An upload with broken chunks, sent to its end and compared. */
export interface SeenBrokenUpload {
  readonly cuts: readonly SeenCut[];
  readonly finish: Finish;
  readonly content: Content;
}
