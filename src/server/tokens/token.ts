import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares in a time that tells nothing about the token, its length included. */
export function sameToken(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

/** A token that is good for one artifact, and for those that declare themselves related to it (protocol v1, 5.4). */
export interface BoundToken {
  readonly token: string;
  /** In lower case. */
  readonly artifactId: string;
}

/** What a request is about, as far as a token may be bound to it. */
export interface Subject {
  readonly artifactId?: string;
  readonly relatedTo?: string;
}

/** The token of `Authorization: Bearer <token>`; the scheme's case does not matter (RFC 9110, 11.1). */
export function bearerToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^bearer +(\S+)$/i.exec(authorization)?.[1];
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
