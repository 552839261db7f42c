import { PulseError } from '../errors.ts';
import { isUuid } from '../protocol/uuid.ts';
import { parseToken, readSecretFile } from './token.ts';

/** A line of a file of tokens: `<token>`, or `<token> <artifactId>` where it is good for one artifact only. */
export interface TokenLine {
  readonly token: string;
  /** In lower case. */
  readonly artifactId?: string;
}

/** The tokens in a file, one a line; empty lines do not count. No message shows a token. */
export function readTokenLines(path: string, source: string): readonly TokenLine[] {
  const lines = readSecretFile(path, source, 'tokens').split(/\r?\n/);
  const read = lines.flatMap((line, at) =>
    line.trim() === '' ? [] : [tokenLine(line.trim(), `${source} ${path}, line ${at + 1},`)],
  );
  if (read.length > 0) return read;
  throw new PulseError('input', `${source} ${path} holds no token, expected one`, {
    hint: 'leave it out if the server asks for none',
  });
}

function tokenLine(line: string, source: string): TokenLine {
  const [token = '', artifactId, ...more] = line.split(/\s+/);
  const isRight = more.length === 0 && (artifactId === undefined || isUuid(artifactId));
  if (!isRight) {
    throw new PulseError('input', `${source} is no token with the UUID of its artifact behind it`, {
      hint: 'write <token> <artifactId>, or the token alone where it is good for every artifact',
    });
  }
  const parsed = parseToken(token, source);
  return artifactId === undefined
    ? { token: parsed }
    : { token: parsed, artifactId: artifactId.toLowerCase() };
}
