/**
 * When a capability token ends, in ms since 1970, where it says so: its `exp` (seconds) in a part that is JSON in base64url
 * (protocol v1, 5.4; RFC 7519, 4.1.4). Tokens are opaque: whatever cannot be read says nothing.
 */
export function expiryMsOf(token: string): number | undefined {
  for (const part of token.split('.')) {
    try {
      const claims: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
      const exp = (claims as { readonly exp?: unknown } | null)?.exp;
      if (typeof exp === 'number' && Number.isFinite(exp)) return exp * 1000;
    } catch {
      // A signature, or no such token.
    }
  }
  return undefined;
}
