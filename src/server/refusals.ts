import { type Reply, refusal } from './exchange.ts';

export function unknownUpload(): Reply {
  return refusal(404, 'no such upload');
}

export function busyUpload(status: number): Reply {
  return refusal(status, 'another request writes to this upload', { 'Retry-After': '1' });
}
