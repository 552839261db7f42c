import { type Reply, refusal } from './exchange.ts';

export function unknownUpload(): Reply {
  return refusal(404, 'no such upload');
}

export function busyUpload(status: number): Reply {
  return refusal(status, 'another request writes to this upload', { 'Retry-After': '1' });
}

export function noSpace(): Reply {
  return refusal(507, 'the server has no space left');
}
