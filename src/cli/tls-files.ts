import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PulseError } from '../errors.ts';
import { whyUnreadable } from '../input/unreadable.ts';
import { tlsFault } from '../transport/tls-fault.ts';

interface TlsFiles {
  readonly caCert: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

interface TlsTexts {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** The PEM files of --ca-cert, --cert and --key, each looked at as far as it can be without a server. */
export function readTlsFiles({ caCert, cert, key }: TlsFiles): TlsTexts {
  if (key !== undefined && cert === undefined) {
    throw new PulseError('usage', '--key is given without --cert, expected both', {
      hint: 'add --cert <file> with the certificate that belongs to the key',
    });
  }
  const trust = caCert !== undefined && { ca: certificatesIn(caCert, '--ca-cert').text };
  if (trust) mustServe(trust, `--ca-cert ${caCert}`);
  const shown = cert !== undefined && identity(cert, key);
  if (shown) mustServe(shown, `--cert ${cert}`);
  return { ...trust, ...shown };
}

/** What can be read may still be too weak for OpenSSL, which would say so at the first connection only. */
function mustServe(texts: TlsTexts, what: string): void {
  const fault = tlsFault(texts);
  if (fault === undefined) return;
  throw unusable(
    `${what} cannot be used for TLS: OpenSSL refuses it (${fault})`,
    /too (weak|small)/.test(fault)
      ? 'have a certificate issued that is signed with SHA-256 and has a key of at least 2048 bits (RSA) or 256 (EC)'
      : 'name a certificate and a key that OpenSSL takes',
  );
}

/** As with curl, the key may stand in the certificate's file. */
function identity(certPath: string, keyPath: string | undefined): { cert: string; key: string } {
  const { text: cert, first } = certificatesIn(certPath, '--cert');
  const [path, source] = keyPath === undefined ? [certPath, '--cert'] : [keyPath, '--key'];
  const text = keyPath === undefined ? cert : read(keyPath, '--key');
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw unusable(
      `${source} ${path} holds no private key in PEM form`,
      'name the file of the key with --key <file>',
    );
  }
  if (!first.checkPrivateKey(privateKey(text, `${source} ${path}`))) {
    const fact = `the key in ${path} does not belong to the certificate in ${certPath}`;
    throw unusable(fact, 'name the certificate and the key that were made together');
  }
  return { cert, key: text };
}

function privateKey(text: string, what: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (error) {
    const isEncrypted = /ENCRYPTED/.test(text);
    throw unusable(
      isEncrypted
        ? `the key in ${what} is encrypted, expected one without a passphrase`
        : `the key in ${what} cannot be read`,
      isEncrypted
        ? 'decrypt it with: openssl pkey -in <file> -out <new file>'
        : 'name a private key in PEM form',
      error,
    );
  }
}

/** Every certificate of the file is read, so that a broken one is not found out by a failing handshake. */
function certificatesIn(path: string, source: string): { text: string; first: X509Certificate } {
  const text = read(path, source);
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    const [first] = blocks.map((block) => new X509Certificate(block));
    if (first !== undefined) return { text, first };
  } catch (error) {
    throw unusable(`${source} ${path} holds a certificate that cannot be read`, 'copy the file again', error);
  }
  throw unusable(
    `${source} ${path} holds no certificate in PEM form`,
    'PEM begins with -----BEGIN CERTIFICATE-----; convert DER with: openssl x509 -inform der -in <file>',
  );
}

function read(path: string, source: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unusable(`${source} ${path} ${whyUnreadable(error)}`, 'name a PEM file', error);
  }
}

function unusable(fact: string, hint: string, cause?: unknown): PulseError {
  return new PulseError('input', fact, { hint, cause });
}
