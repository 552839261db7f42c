import { generate } from 'selfsigned';

/** A certificate and its key, PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

interface Span {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

interface Wanted extends Span {
  readonly name: string;
  /** Addresses and DNS names that it is for. */
  readonly hosts?: readonly string[];
  /** Signed by this authority, or by itself. */
  readonly by?: Identity;
  /** For clients alone, and no use to a server. */
  readonly forClients?: true;
  /** The digest that is signed. */
  readonly digest?: 'sha256' | 'sha1';
  /** Its key is too short for every OpenSSL; signed by itself. */
  readonly tooShort?: true;
}

export async function makeIdentity({
  name,
  hosts = [],
  from,
  to,
  by,
  forClients,
  digest = 'sha256',
  tooShort,
}: Wanted): Promise<Identity> {
  const altNames = hosts.map((host) =>
    /^[\d.]+$/.test(host) ? { type: 7 as const, ip: host } : { type: 2 as const, value: host },
  );
  const made = await generate([{ name: 'commonName', value: name }], {
    ...(tooShort ? { keyType: 'rsa', keySize: 512 } : { keyType: 'ec' }),
    algorithm: digest,
    ...validity({ from, to }),
    ...(by !== undefined && { ca: { cert: by.cert, key: by.key } }),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      ...(forClients ? [{ name: 'extKeyUsage' as const, clientAuth: true }] : []),
      ...(altNames.length > 0 ? [{ name: 'subjectAltName' as const, altNames }] : []),
    ],
  });
  return { cert: made.cert, key: made.private };
}

export async function makeAuthority(name: string, span: Span = {}): Promise<Identity> {
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...validity(span),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

const DAY_MS = 86_400_000;

function validity({ from, to }: Span) {
  return {
    notBeforeDate: new Date(from ?? Date.now() - DAY_MS),
    notAfterDate: new Date(to ?? Date.now() + DAY_MS),
  };
}
