import { PulseError } from '../errors.ts';
import { isLoopback, isPrivateAddress } from '../protocol/hosts.ts';
import { isUuid } from '../protocol/uuid.ts';
import { parseServerUrl } from './server-url.ts';
import { parseToken, readSecretFile } from './token.ts';

/** What an operator hands out: where to upload one artifact, and with what (protocol v1, 3). */
export interface Pairing {
  readonly server: URL;
  readonly artifactId: string;
  readonly token?: string;
}

/**
 * A link, or `@path` of a file that holds one, so that it need not stand among the arguments that every process can read.
 * It holds a token, so no message shows any of it but the server's origin.
 */
export function parsePairingLink(text: string, source: string): Pairing {
  if (!text.startsWith('@')) return parseLink(text, source);
  return parseLink(linkText(text, source), `${source} ${text.slice(1)}`);
}

/** A link or the one in the file of `@path`, as it is, right or wrong: for whoever checks it. A bare word is none. */
export function linkText(text: string, source: string): string {
  const link = text.startsWith('@') ? readSecretFile(text.slice(1), source, 'a pairing link') : text;
  if (/[:?]/.test(link)) return link;
  throw new PulseError('usage', `${source} holds no pairing link, expected pulsecam://?v=1&…`, {
    hint:
      link.trim() === ''
        ? 'leave it out if there is none'
        : 'put it in quotes, for it holds &; @path reads it from a file',
  });
}

function parseLink(text: string, source: string): Pairing {
  const fault = (fact: string, hint = 'ask for the link once more, and put it in quotes: it holds &') =>
    new PulseError('usage', `${source} ${fact}`, { hint });
  const query = /^pulsecam:\/{0,2}\/?\?(.+)$/is.exec(text.trim())?.[1];
  if (query === undefined) throw fault('holds no pairing link, expected pulsecam://?v=1&…');
  const parameters = new URLSearchParams(query);
  const one = (name: string): string | undefined => {
    const values = parameters.getAll(name);
    if (values.length > 1) throw fault(`gives ${name} ${values.length} times, expected it once`);
    return values[0];
  };
  if (one('v') !== '1') {
    const update = 'a link of a later version needs a later version of pulse-upload';
    throw fault(parameters.has('v') ? 'has another version than 1' : 'has no version, expected v=1', update);
  }
  const artifactId = one('artifactId') ?? '';
  if (!isUuid(artifactId)) throw fault('names no artifact, expected artifactId with a UUID');
  const unit = one('uploadUnit');
  if (unit !== undefined && unit !== 'segment' && unit !== 'merged')
    throw fault('has an unknown uploadUnit, expected segment or merged');
  const server = one('server');
  if (server === undefined) throw fault('names no server');
  const token = one('token');
  return {
    server: trustworthy(parseServerUrl(server, `the server of ${source}`), source),
    artifactId,
    ...(token !== undefined && { token: parseToken(token, `the token of ${source}`) }),
  };
}

/** Plain http only to this machine and to private addresses, and no option extends that (protocol v1, 3). */
function trustworthy(server: URL, source: string): URL {
  const { protocol, hostname } = server;
  if (protocol === 'https:' || isLoopback(hostname) || isPrivateAddress(hostname)) return server;
  throw new PulseError(
    'usage',
    `the server of ${source} is ${server.origin}, expected https, or http to localhost or a private address`,
    { hint: 'ask who made the link for one with https' },
  );
}
