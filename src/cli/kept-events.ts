import type { KeptEvent } from '../output/kept-uploads.ts';
import type { KeptUpload } from '../upload/state/kept-uploads.ts';

/** An upload that is remembered, as programs read it. */
export function keptEvent({ record, outlook }: KeptUpload): KeptEvent {
  const { path, server, protocol, url, identity, prefix, phase, createdAt, expiresAt, ledger } = record;
  return {
    type: 'upload.kept',
    file: path,
    server,
    protocol,
    url,
    sizeBytes: identity.sizeBytes,
    acceptedBytes: phase === 'finalizing' || phase === 'complete' ? identity.sizeBytes : prefix.bytes,
    createdAt,
    savedAt: record.savedAt ?? createdAt,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(ledger !== undefined && { ledger }),
    outlook,
  };
}
