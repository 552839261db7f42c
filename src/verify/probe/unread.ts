import { OFFSET_OCTET_STREAM, parseByteCount } from '../../protocol/headers.ts';
import { headerValues, isSuccess, offsetOf } from '../answers.ts';
import type { Exchange } from '../recording.ts';

/**
 * Whoever answers without having read the body may take the rest of it for the next request over the connection. Whether
 * that is so is a question of its own; from all others the next request is kept away, as they would be answered by chance.
 */
export function mayBeUnread(exchange: Exchange): boolean {
  const { sent } = exchange;
  if (sent.body.sizeBytes === 0) return false;
  if (!isSuccess(exchange)) return true;
  const [type] = headerValues(sent, 'Content-Type');
  if (type !== OFFSET_OCTET_STREAM) return false;
  const [from] = headerValues(sent, 'Upload-Offset');
  return (offsetOf(exchange) ?? 0) < (parseByteCount(from) ?? 0) + sent.body.sizeBytes;
}
