import { PulseError } from '../errors.ts';

/** Token characters of RFC 9110, 5.6.2. */
const NAME = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;
/** Visible characters, spaces and tabs (RFC 9110, 5.5); others arrive differently at every server. */
const VALUE = /^[\t\x20-\x7e]*$/;

/** What the protocol or HTTP itself says; two voices would contradict each other. */
const RESERVED: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'tus-resumable',
  'upgrade',
  'upload-checksum',
  'upload-concat',
  'upload-defer-length',
  'upload-length',
  'upload-metadata',
  'upload-offset',
  'x-http-method-override',
]);

/**
 * Request headers out of `Name: value` lines; a repeated name becomes one list (RFC 9110, 5.3).
 * Values may be secrets, so no message shows one.
 */
export function parseHeaders(lines: readonly string[], source: string): Readonly<Record<string, string>> {
  const headers = new Map<string, { readonly name: string; readonly value: string }>();
  for (const line of lines) {
    const { name, value } = parseHeader(line, source);
    const earlier = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), {
      name: earlier?.name ?? name,
      value: earlier === undefined ? value : `${earlier.value}, ${value}`,
    });
  }
  return Object.fromEntries(Array.from(headers.values(), ({ name, value }) => [name, value]));
}

function parseHeader(line: string, source: string): { readonly name: string; readonly value: string } {
  const colon = line.indexOf(':');
  if (colon < 0) {
    throw new PulseError('usage', `${source} holds no colon, expected 'Name: value'`, {
      hint: exampleOf(source),
    });
  }
  const header = { name: line.slice(0, colon), value: line.slice(colon + 1).trim() };
  checkHeader(header.name, header.value, source);
  return header;
}

/** Throws where the user may not send this header. Values may be secrets, so no message shows one. */
export function checkHeader(name: string, value: string, source: string): void {
  if (!NAME.test(name)) {
    const fact = `${source} '${name}:' has a name that no HTTP header can have, expected letters, digits and dashes`;
    throw new PulseError('usage', fact, { hint: exampleOf(source) });
  }
  if (!VALUE.test(value)) {
    const fact = `${source} '${name}' has a value with characters that no header may carry, expected printable ASCII`;
    throw new PulseError('usage', fact, {
      hint: 'remove line breaks and control characters; percent-encode the rest',
    });
  }
  if (RESERVED.has(name.toLowerCase())) {
    const fact = `${source} '${name}' is a header that the upload protocol itself sets, expected any other`;
    throw new PulseError('usage', fact, { hint: 'leave it out' });
  }
}

function exampleOf(source: string): string {
  return `write for example ${source} 'X-Camera: 7'`;
}
