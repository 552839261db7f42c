import { parseByteCount } from '../protocol/headers.ts';
import type { Outcome, WireRequest } from '../protocol/wire.ts';

const GONE: readonly number[] = [404, 410];

/** How far the server is with one file, as the answers to its requests tell. */
export interface ServerProgress {
  /**
   * To be told of every outcome. True where the server acknowledges more of the file than it ever did: what is only sent
   * once more shows no progress, nor does a HEAD where each PATCH fails.
   */
  readonly saw: (request: WireRequest, outcome: Outcome) => boolean;
  /** Its uploads are looked up anew, or made anew. */
  readonly begunAgain: () => void;
}

/** A file may be sent in parts, each of them an upload of its own: what all of them hold together counts. */
export function createServerProgress(): ServerProgress {
  const offsets = new Map<string, number>();
  let mostBytes = 0;
  let isFirstLook = true;
  return {
    saw: ({ method, url: { href } }, outcome) => {
      if (outcome.kind !== 'answer' || (method !== 'PATCH' && method !== 'HEAD')) return false;
      if (GONE.includes(outcome.status)) offsets.delete(href);
      const offsetBytes = parseByteCount(outcome.headers['upload-offset']);
      if (outcome.status < 200 || outcome.status > 299 || offsetBytes === undefined) return false;
      // What an earlier run left there is no progress of this one.
      const isFound = isFirstLook && method === 'HEAD' && !offsets.has(href);
      offsets.set(href, offsetBytes);
      const bytes = [...offsets.values()].reduce((sum, each) => sum + each, 0);
      if (bytes <= mostBytes) return false;
      mostBytes = bytes;
      return !isFound;
    },
    begunAgain: () => {
      isFirstLook = false;
      offsets.clear();
    },
  };
}
