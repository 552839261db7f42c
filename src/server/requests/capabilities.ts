import { checksumAlgorithms, mediaTypes } from '../artifact.ts';
import { json } from '../http/exchange.ts';
import type { Verb } from '../parts.ts';

/** GET /capabilities: what a client must know before it sends anything (protocol v1, 2). */
export const capabilities: Verb = async (_exchange, { maxSizeBytes }) =>
  json(200, {
    protocolVersion: 1,
    minSupportedVersion: 1,
    maxSupportedVersion: 1,
    uploadUnit: 'merged',
    kinds: Object.keys(mediaTypes),
    allowedExtensions: Object.fromEntries(
      Object.entries(mediaTypes).map(([kind, endings]) => [kind, Object.keys(endings)]),
    ),
    maxUploadSize: maxSizeBytes,
    checksum: { algorithms: checksumAlgorithms },
  });
