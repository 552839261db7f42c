import { type Reply, refusal } from './exchange.ts';

export function unknownUpload(): Reply {
  return refusal(404, 'no such upload');
}

export function busyUpload(): Reply {
  return refusal(423, 'another request writes to this upload', { 'Retry-After': '1' });
}
