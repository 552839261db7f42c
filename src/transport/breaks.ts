import type { Break, BreakCause } from '../protocol/wire.ts';
import { certificateIn } from './certificate.ts';

interface Reading {
  readonly cause: BreakCause;
  readonly detail: string;
  readonly delivered: boolean;
  readonly hint?: string;
}

const before = (cause: BreakCause, detail: string, hint?: string): Reading => ({
  cause,
  detail,
  delivered: false,
  ...(hint !== undefined && { hint }),
});
const during = (cause: BreakCause, detail: string): Reading => ({ cause, detail, delivered: true });

const renew = 'renew the certificate of the server, and check that the clock of this machine is right';
const nameAuthority = 'if you trust who signed it, name that certificate with --ca-cert <file>';
const showWhoYouAre = 'name a client certificate that the server accepts with --cert <file> and --key <file>';
const unknownAuthority = before(
  'tls',
  'the TLS certificate is not signed by a known authority',
  nameAuthority,
);
const noTls = before(
  'tls',
  'TLS could not be negotiated (does the server speak https on this port?)',
  'check the port and the scheme (http or https) in --server',
);

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
  CERT_HAS_EXPIRED: before('tls', 'the TLS certificate has expired', renew),
  CERT_NOT_YET_VALID: before('tls', 'the TLS certificate is not valid yet', renew),
  CERT_REVOKED: before('tls', 'the TLS certificate was revoked', renew),
  DEPTH_ZERO_SELF_SIGNED_CERT: before('tls', 'the TLS certificate is self-signed', nameAuthority),
  SELF_SIGNED_CERT_IN_CHAIN: before(
    'tls',
    'the TLS certificate chain ends in an unknown self-signed certificate',
    nameAuthority,
  ),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  ERR_TLS_CERT_ALTNAME_INVALID: before(
    'tls',
    'the TLS certificate is for another host name',
    'use a name in --server that the certificate holds',
  ),
  EPROTO: noTls,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
};

/** Node's names of what else OpenSSL finds wrong with a server's certificate; UNSPECIFIED is all that Node has no name for. */
const otherVerdict =
  /^(CERT_|CRL_|UNABLE_TO_|ERROR_IN_C|(INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|UNSPECIFIED)$)/;

const notAccepted = before('tls', 'the server does not accept the client certificate', showWhoYouAre);

/** Alerts (RFC 8446, 6.2) by which a server turns this client away, without the prefix that OpenSSL gives them. */
const byAlert: Readonly<Record<string, Reading>> = {
  CERTIFICATE_REQUIRED: before(
    'tls',
    'the server asks for a client certificate, and none was shown',
    showWhoYouAre,
  ),
  HANDSHAKE_FAILURE: before(
    'tls',
    'the server ended the TLS handshake (it may ask for a client certificate, or share no cipher)',
    showWhoYouAre,
  ),
  UNKNOWN_CA: before('tls', 'the server does not know who signed the client certificate', showWhoYouAre),
  BAD_CERTIFICATE: notAccepted,
  UNSUPPORTED_CERTIFICATE: notAccepted,
  CERTIFICATE_UNKNOWN: notAccepted,
  ACCESS_DENIED: notAccepted,
  CERTIFICATE_REVOKED: before(
    'tls',
    'the server says that the client certificate was revoked',
    showWhoYouAre,
  ),
  CERTIFICATE_EXPIRED: before(
    'tls',
    'the server says that the client certificate has expired',
    showWhoYouAre,
  ),
};

/** An error of ours that knows what it means. */
export class KnownBreak extends Error {
  readonly reading: Reading;

  constructor(reading: Reading) {
    super(reading.detail);
    this.reading = reading;
  }
}

/**
 * What a failure on a connection that was set up means. TLS was good then: what breaks it now is a broken connection,
 * and the server may have got the request. Only by an alert about this client has it not: TLS 1.3 servers send it after
 * the handshake, in the place of reading on.
 */
export function breakOnConnection(error: unknown): Break {
  const known = breakOf(error);
  const codes = [...causes(error)].map((candidate) => codeOf(candidate) ?? '');
  if (error instanceof KnownBreak || codes.some((code) => alertIn(code) in byAlert)) return known;
  if (known.cause !== 'tls') return { ...known, delivered: true };
  const why = codes.find((code) => code !== '') ?? 'no reason given';
  return { kind: 'break', ...during('reset', `the TLS connection broke (${why})`) };
}

/**
 * The same where the connection was used before: what is no HTTP there may be the end of an earlier answer, as a body
 * behind a 204 or one to HEAD, and says nothing about the server.
 */
export function breakOnUsedConnection(error: unknown): Break {
  const known = breakOnConnection(error);
  if (known.cause !== 'not-http') return known;
  const detail = 'bytes came on the connection that belong to no answer';
  return {
    kind: 'break',
    ...during('reset', `${detail}; does the server send a body with 204, or to HEAD?`),
  };
}

/**
 * What a request means that failed before it had a connection. Anything unknown counts as a broken connection, so that
 * it is tried again.
 */
export function breakOf(error: unknown): Break {
  for (const candidate of causes(error)) {
    if (candidate instanceof KnownBreak) return { kind: 'break', ...candidate.reading };
    const code = codeOf(candidate);
    const alert = code === undefined ? undefined : byAlert[alertIn(code)];
    if (alert !== undefined) return { kind: 'break', ...alert };
    const known = code === undefined ? undefined : byCode[code];
    if (known !== undefined) return { kind: 'break', ...withCertificate(known, candidate, code) };
    if (candidate instanceof Error && code?.startsWith('HPE_')) {
      return { kind: 'break', ...during('not-http', `the answer is not HTTP (${candidate.message})`) };
    }
    if (code !== undefined && candidate instanceof Error && otherVerdict.test(code)) {
      const refused = before('tls', `the TLS certificate is refused: ${candidate.message}`);
      return { kind: 'break', ...withCertificate(refused, candidate, code) };
    }
    if (code !== undefined && /^ERR_(SSL|TLS|OSSL)_/.test(code)) {
      return { kind: 'break', ...withCertificate(before('tls', `TLS failed (${code})`), candidate, code) };
    }
  }
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'break', ...during('reset', `the request failed (${message})`) };
}

/** A refused certificate is named: which one it is, and whose. */
function withCertificate(reading: Reading, error: unknown, code = ''): Reading {
  const named = typeof error === 'object' && error !== null ? certificateIn(error, code) : undefined;
  return named === undefined ? reading : { ...reading, detail: `${reading.detail} (${named})` };
}

/** The error, what caused it, and the members of an aggregate (one per address of the host). */
function* causes(error: unknown, depth = 0): Generator<unknown> {
  if (error === undefined || error === null || depth > 4) return;
  yield error;
  if (error instanceof AggregateError) for (const member of error.errors) yield* causes(member, depth + 1);
  if (error instanceof Error) yield* causes(error.cause, depth + 1);
}

/** The code of an error; where a write found out that TLS is broken, the one that OpenSSL's words stand for. */
function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'EPROTO' && error instanceof Error) return opensslCode(error.message) ?? code;
  return typeof code === 'string' ? code : undefined;
}

/** Out of `write EPROTO 8021…:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:…`. */
function opensslCode(message: string): string | undefined {
  const reason = /\berror:[\dA-F]+:SSL routines:[^:]*:([^:\n]+)/.exec(message)?.[1];
  return reason === undefined ? undefined : `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
}

/**
 * `BAD_CERTIFICATE` out of `ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE`, which OpenSSL 3.2 spells
 * `ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE`; empty where the code is none of an alert.
 */
function alertIn(code: string): string {
  return /^ERR_SSL_.+?_ALERT_(.+)$/.exec(code)?.[1] ?? '';
}
