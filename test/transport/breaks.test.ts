import { describe, expect, it } from 'vitest';
import { breakOf, breakOnConnection } from '../../src/transport/breaks.ts';

/** What node:tls emits: the code is made of OpenSSL's words. */
function tlsError(reason: string): Error {
  const code = `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
  return Object.assign(new Error(`error:0A000412:SSL routines:ssl3_read_bytes:${reason}:`), { code });
}

/** The same where a write found it out: the words stand in the message only. */
function writeError(reason: string): Error {
  const message = `write EPROTO 80BBF6A1:error:0A000412:SSL routines:ssl3_read_bytes:${reason}:../deps/openssl/rec_layer_s3.c:1605:SSL alert number 42\n`;
  return Object.assign(new Error(message), { code: 'EPROTO', errno: -71, syscall: 'write' });
}

describe('an alert by which the server turns this client away', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['handshake failure', /ended the TLS handshake/],
    ['bad certificate', /does not accept the client certificate/],
    ['unsupported certificate', /does not accept the client certificate/],
    ['certificate unknown', /does not accept the client certificate/],
    ['certificate expired', /says that the client certificate has expired/],
    ['certificate revoked', /says that the client certificate was revoked/],
  ];
  // The second spelling is that of OpenSSL 3.2 and later, which Node 24 is built with.
  const spelled = ['sslv3 alert', 'ssl/tls alert'].flatMap((prefix) =>
    cases.map(([alert, detail]) => [`${prefix} ${alert}`, detail] as const),
  );
  const all = [
    ...spelled,
    ['tlsv1 alert unknown ca', /does not know who signed/],
    ['tlsv1 alert access denied', /does not accept the client certificate/],
    ['tlsv13 alert certificate required', /asks for a client certificate, and none was shown/],
  ] as const;

  it.each(all)('%s', (reason, detail) => {
    for (const error of [tlsError(reason), writeError(reason)]) {
      // TLS 1.3 servers send it after the handshake; it says no less then.
      expect(breakOnConnection(error)).toEqual(breakOf(error));
      expect(breakOf(error)).toEqual({
        kind: 'break',
        cause: 'tls',
        delivered: false,
        detail: expect.stringMatching(detail),
        hint: expect.stringContaining('--cert'),
      });
    }
  });
});

describe('a handshake that fails otherwise', () => {
  it('is known by the words of OpenSSL, wherever they stand', () => {
    for (const error of [tlsError('wrong version number'), writeError('wrong version number')]) {
      expect(breakOf(error)).toMatchObject({
        cause: 'tls',
        detail: expect.stringContaining('does the server speak https on this port?'),
      });
    }
    for (const error of [tlsError('tlsv1 alert internal error'), writeError('tlsv1 alert internal error')]) {
      expect(breakOf(error)).toMatchObject({
        cause: 'tls',
        detail: 'TLS failed (ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR)',
        delivered: false,
      });
    }
  });
});

describe('what breaks a connection that was set up', () => {
  it.each([
    'decryption failed or bad record mac',
    'cipher operation failed',
    'sslv3 alert bad record mac',
    'ssl/tls alert bad record mac',
    'tlsv1 alert internal error',
    'tlsv1 alert record overflow',
    'sslv3 alert unexpected message',
    'wrong version number',
  ])('is no matter of trust, and may have delivered: %s', (reason) => {
    for (const error of [tlsError(reason), writeError(reason)]) {
      expect(breakOnConnection(error)).toEqual({
        kind: 'break',
        cause: 'reset',
        delivered: true,
        detail: `the TLS connection broke (ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')})`,
      });
    }
  });

  it('may have delivered, also where the way there is gone', () => {
    const error = Object.assign(new Error('read EHOSTUNREACH'), { code: 'EHOSTUNREACH' });
    expect(breakOf(error)).toMatchObject({ cause: 'unreachable', delivered: false });
    expect(breakOnConnection(error)).toMatchObject({ cause: 'unreachable', delivered: true });
  });
});
