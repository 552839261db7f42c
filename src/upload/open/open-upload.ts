import type { Checked } from '../send/chunk-checks.ts';
import type { UploadRecord } from '../state/state-store.ts';

/** An upload that exists at the server. */
export interface OpenUpload {
  readonly url: URL;
  readonly offsetBytes: number;
  /** Its size is still to be said, with the bytes. */
  readonly sizeFollows?: true;
  /** So much may have been sent before, by earlier runs above all; `offsetBytes` where absent. */
  readonly sentEndBytes?: number;
  /** Present where the file was touched since: so much of what the server may have is known to be its bytes. */
  readonly knownEndBytes?: number | undefined;
  /** So many of them went with the creation of this run; none where absent. */
  readonly createdBytes?: number;
  /** What is known of it from sending in this run; what the record says where absent. */
  readonly checked?: Checked;
  readonly record: UploadRecord;
}
