/** What a token says of itself, where it says anything (protocol v1, 5.4). */
export interface Claims {
  readonly artifactId?: unknown;
  /** Seconds since 1970. */
  readonly iat?: unknown;
  readonly exp?: unknown;
}

/**
 * The claims of a capability token: the part of it that is JSON in base64url and has any (RFC 7519, 4.1). Tokens are
 * opaque: whatever cannot be read says nothing, and undefined is no fault.
 */
export function claimsOf(token: string): Claims | undefined {
  return token.split('.').map(jsonIn).find(hasClaims);
}

/** What a Date can be at most, and least, in ms since 1970 (ECMA-262, 21.4.1.1). */
const LAST_DATE_MS = 8.64e15;

/** When a capability token ends, in ms since 1970, where it says so: its `exp` (RFC 7519, 4.1.4). */
export function expiryMsOf(token: string): number | undefined {
  const exp = claimsOf(token)?.exp;
  if (typeof exp !== 'number' || !Number.isFinite(exp)) return undefined;
  return Math.min(Math.max(exp * 1000, -LAST_DATE_MS), LAST_DATE_MS);
}

/** The artifact that a capability token is bound to, where it says so. */
export function boundArtifactOf(token: string): string | undefined {
  const id = claimsOf(token)?.artifactId;
  return typeof id === 'string' && id !== '' ? id : undefined;
}

function jsonIn(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    // A signature, or no such token.
    return undefined;
  }
}

function hasClaims(value: unknown): value is Claims {
  return (
    typeof value === 'object' && value !== null && ['artifactId', 'iat', 'exp'].some((name) => name in value)
  );
}
