import type { Break, BreakCause } from '../protocol/wire.ts';

interface Reading {
  readonly cause: BreakCause;
  readonly detail: string;
  readonly delivered: boolean;
}

const before = (cause: BreakCause, detail: string): Reading => ({ cause, detail, delivered: false });
const during = (cause: BreakCause, detail: string): Reading => ({ cause, detail, delivered: true });

/** Error codes of Node, libuv, OpenSSL and the HTTP parser, in our words. */
const byCode: Readonly<Record<string, Reading>> = {
  ENOTFOUND: before('unknown-host', 'the host name is not known (DNS)'),
  EAI_AGAIN: before('unknown-host', 'the host name could not be looked up (DNS does not answer)'),
  ECONNREFUSED: before('refused', 'nothing is listening there (connection refused)'),
  EHOSTUNREACH: before('unreachable', 'no route to the host'),
  ENETUNREACH: before('unreachable', 'the network is unreachable'),
  EHOSTDOWN: before('unreachable', 'the host is down'),
  ENETDOWN: before('unreachable', 'the network is down'),
  EADDRNOTAVAIL: before('unreachable', 'no local address to connect from'),
  ETIMEDOUT: during('timeout', 'the connection timed out'),
  ECONNRESET: during('reset', 'the connection was reset'),
  ECONNABORTED: during('reset', 'the connection was aborted'),
  EPIPE: during('reset', 'the server closed the connection while the request was being sent'),
  HPE_HEADER_OVERFLOW: during('too-long', 'the headers of the answer are too long'),
  CERT_HAS_EXPIRED: before('tls', 'the TLS certificate has expired'),
  DEPTH_ZERO_SELF_SIGNED_CERT: before('tls', 'the TLS certificate is self-signed'),
  SELF_SIGNED_CERT_IN_CHAIN: before(
    'tls',
    'the TLS certificate chain ends in an unknown self-signed certificate',
  ),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: before('tls', 'the TLS certificate is not signed by a known authority'),
  UNABLE_TO_GET_ISSUER_CERT: before('tls', 'the TLS certificate is not signed by a known authority'),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: before('tls', 'the TLS certificate is not signed by a known authority'),
  ERR_TLS_CERT_ALTNAME_INVALID: before('tls', 'the TLS certificate is for another host name'),
  EPROTO: before('tls', 'TLS could not be negotiated (does the server speak https on this port?)'),
};

/** What a failed request means. Anything unknown counts as a broken connection, so that it is tried again. */
export function breakOf(error: unknown): Break {
  for (const candidate of causes(error)) {
    const code = codeOf(candidate);
    const known = code === undefined ? undefined : byCode[code];
    if (known !== undefined) return { kind: 'break', ...known };
    if (candidate instanceof Error && code?.startsWith('HPE_')) {
      return { kind: 'break', ...during('not-http', `the answer is not HTTP (${candidate.message})`) };
    }
    if (code !== undefined && /^(ERR_(SSL|TLS)_|CERT_)/.test(code)) {
      return { kind: 'break', ...before('tls', `TLS failed (${code})`) };
    }
  }
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'break', ...during('reset', `the request failed (${message})`) };
}

/** The error, what caused it, and the members of an aggregate (one per address of the host). */
function* causes(error: unknown, depth = 0): Generator<unknown> {
  if (error === undefined || error === null || depth > 4) return;
  yield error;
  if (error instanceof AggregateError) for (const member of error.errors) yield* causes(member, depth + 1);
  if (error instanceof Error) yield* causes(error.cause, depth + 1);
}

function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
