import { PulseError } from '../errors.ts';
import type { Finalized } from '../protocol/protocol.ts';

/**
 * Compares what the server says it stored with what was read from the file.
 * True where the server's own checksum is equal, false where it offers none; a difference throws `integrity`.
 */
export function proven(
  finalized: Finalized | undefined,
  file: { sizeBytes: number; sha256: string },
): boolean {
  const { sizeBytes, sha256 } = finalized ?? {};
  const sizeDiffers = sizeBytes !== undefined && sizeBytes !== file.sizeBytes;
  const digestDiffers = sha256 !== undefined && sha256 !== file.sha256;
  if (!sizeDiffers && !digestDiffers) return sha256 !== undefined;
  throw new PulseError(
    'integrity',
    `the server holds other bytes than the file: ${said(sizeBytes, sha256)}, expected ${said(file.sizeBytes, file.sha256)}`,
    {
      hint: 'the copy on the server is not usable; run the same command again to upload from the start, and if it happens again run pulse-upload verify on this server',
    },
  );
}

function said(sizeBytes: number | undefined, sha256: string | undefined): string {
  const size = sizeBytes === undefined ? 'an unstated size' : `${sizeBytes} bytes`;
  return `${size} with ${sha256 === undefined ? 'no checksum' : `sha256 ${sha256}`}`;
}
