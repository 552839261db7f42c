/** Whether a host name or address is this machine, as far as its spelling says. */
export function isLoopback(host: string): boolean {
  const name = bare(host);
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '::1' ||
    /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(name) ||
    /^::ffff:7f[\da-f]{2}:[\da-f]{1,4}$/.test(name)
  );
}

/** Names that no public server can have: one label, or below a domain that is kept for local networks. */
const LOCAL_NAME = /^[^.:]+$|\.(?:local|internal|home\.arpa|lan|test)$/;

/** RFC 1918, RFC 3927, RFC 4193 and RFC 4291, 2.5.6. */
const PRIVATE_ADDRESS =
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.)|^f[cd][\da-f]{2}:|^fe[89ab][\da-f]:/;

/** Whether a host is on this machine or on a network of its owner, as far as its spelling says: nothing is looked up. */
export function isPrivate(host: string): boolean {
  const name = bare(host);
  if (isLoopback(name)) return true;
  return /^[\d.]+$|:/.test(name) ? PRIVATE_ADDRESS.test(asIpv4(name)) : LOCAL_NAME.test(name);
}

/** RFC 6598: what carriers and overlay networks give to their own. The app takes it for private, a token in clear does not. */
const SHARED_ADDRESS = /^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./;

/** Whether a host is written as an address of a private network, as pairing links may name it by http (protocol v1, 3). */
export function isPrivateAddress(host: string): boolean {
  const name = bare(host);
  return /^[\d.]+$|:/.test(name) && (isPrivate(name) || SHARED_ADDRESS.test(asIpv4(name)));
}

function bare(host: string): string {
  return host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}

/** `10.0.0.1` of `::ffff:a00:1`, as URLs spell it. */
function asIpv4(name: string): string {
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(name) ?? [];
  if (high === undefined || low === undefined) return name;
  const [first, second] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [first >> 8, first & 255, second >> 8, second & 255].join('.');
}
