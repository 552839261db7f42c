import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';

/** The certificates that were shown on connections which ended in these errors. */
const shownBefore = new WeakMap<object, DetailedPeerCertificate>();

/**
 * Keeps the server's certificate for the error that may refuse it. Node's own verification stays in charge: it runs
 * on `secure`, destroys the socket, and leaves no certificate to ask for afterwards.
 */
export function witness(socket: TLSSocket): void {
  let shown: DetailedPeerCertificate | undefined;
  socket.prependOnceListener('secure', () => {
    shown = socket.getPeerCertificate(true);
  });
  socket.prependListener('error', (error) => {
    if (shown !== undefined) shownBefore.set(error, shown);
  });
}

/** The certificate that an error is about, in words that begin with what is wrong about it. */
export function certificateIn(error: object, code: string): string | undefined {
  const leaf = shownBefore.get(error);
  if (leaf?.subject === undefined) return undefined;
  const at = code.startsWith('CERT_') ? outOfTime(leaf) : leaf;
  const names = code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? [`it is for ${namesIn(leaf)}`] : [];
  const issuer = nameOf(at.issuer);
  const ofItself = issuer === nameOf(at.subject) ? [] : [`issued by ${issuer}`];
  return [
    ...names,
    nameOf(at.subject),
    ...ofItself,
    `valid from ${day(at.valid_from)} to ${day(at.valid_to)}`,
  ].join(', ');
}

/** Of a chain, the certificate whose time has not come or is over: it need not be the server's own. */
function outOfTime(leaf: DetailedPeerCertificate): DetailedPeerCertificate {
  const now = Date.now();
  const seen = new Set<DetailedPeerCertificate>();
  for (let at = leaf; at !== undefined && !seen.has(at); at = at.issuerCertificate) {
    if (Date.parse(at.valid_from) > now || Date.parse(at.valid_to) < now) return at;
    seen.add(at);
  }
  return leaf;
}

function namesIn({ subjectaltname, subject }: DetailedPeerCertificate): string {
  const listed = subjectaltname?.split(', ').map((name) => name.replace(/^(DNS|IP Address):/, ''));
  return (listed ?? [String(subject.CN)]).join(', ');
}

/** `CN=Example CA`; of an authority without a common name its organisation. */
function nameOf(subject: DetailedPeerCertificate['subject']): string {
  const [label, value] =
    Object.entries(subject).find(([name]) => name === 'CN') ?? Object.entries(subject)[0] ?? [];
  return value === undefined ? 'a certificate without a name' : `${label}=${value}`;
}

function day(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : date.toISOString().slice(0, 10);
}
