import type { Part } from '../payload.ts';
import type { Body } from './body.ts';

export interface FormPart {
  readonly name: string;
  /** Absent: a text field, not a file. */
  readonly filename?: string;
  readonly bytes: Uint8Array | string | Part;
}

export interface Form {
  /** For Content-Type. */
  readonly type: string;
  readonly body: Body;
}

const BOUNDARY = 'pulse-verify-7MA4YWxkTrZu0gW';

/** A multipart/form-data body (RFC 7578). `isOpen` leaves out the closing delimiter. */
export function form(parts: readonly FormPart[], { boundary = BOUNDARY, isOpen = false } = {}): Form {
  const pieces = parts.flatMap(({ name, filename, bytes }) => [
    partHead(boundary, name, filename),
    bytes,
    '\r\n',
  ]);
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    body: isOpen ? pieces : [...pieces, `--${boundary}--\r\n`],
  };
}

/** One chunk as the file field that the protocol names (chunked-uploads page, option A). */
export function chunkForm(bytes: Uint8Array | Part): Form {
  return form([{ name: 'chunk', filename: 'chunk', bytes }]);
}

function partHead(boundary: string, name: string, filename: string | undefined): string {
  const file =
    filename === undefined ? '' : `; filename="${filename}"\r\nContent-Type: application/octet-stream`;
  return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`;
}
