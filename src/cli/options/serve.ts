import { PulseError } from '../../errors.ts';
import { oneOf } from '../../input/choice.ts';
import { parsePort } from '../../input/count.ts';
import { parseDurationMs } from '../../input/duration.ts';
import { parseOrigin } from '../../input/origin.ts';
import { parseSizeBytes } from '../../input/size.ts';
import { parseIds, parseText } from '../../input/text.ts';
import { readTokenFile } from '../../input/token.ts';
import { readTokenLines } from '../../input/token-lines.ts';
import type { ServerSettings } from '../../server/server.ts';
import { commonOptions, stackAndColor } from './common.ts';
import type { OptionTable, Values } from './option-table.ts';

/** The options of `pulse-upload serve`, in the order of the help. */
export const serveOptions = {
  host: {
    kind: 'value',
    flags: '--host <address>',
    says: 'address to listen on',
    fallback: '127.0.0.1',
    parse: parseText,
  },
  port: {
    kind: 'value',
    flags: '--port <n>',
    says: '0 takes any free port',
    fallback: '8080',
    parse: parsePort,
  },
  dir: {
    kind: 'value',
    flags: '--dir <path>',
    says: 'folder for the files',
    fallback: './uploads',
    parse: parseText,
  },
  protocol: {
    kind: 'value',
    flags: '--protocol <name>',
    // No fallback: a defect that shows only in one of them chooses it.
    says: 'pulse, tus or pulse-v1 [pulse]',
    parse: oneOf('pulse', 'tus', 'pulse-v1'),
  },
  extensions: {
    kind: 'value',
    flags: '--extensions <names>',
    says: 'all, none, or names like checksum,concatenation',
    parse: parseText,
  },
  expireAfter: {
    kind: 'value',
    flags: '--expire-after <time>',
    says: 'remove unfinished uploads: 1h, 24h',
    parse: parseDurationMs,
  },
  tokenFile: {
    kind: 'value',
    flags: '--token-file <path>',
    says: 'ask for the token in this file',
    parse: parseText,
  },
  pairingLink: {
    kind: 'value',
    flags: '--pairing-link <path>',
    says: 'write a pairing link into this file (pulse-v1)',
    parse: parseText,
    commandLineOnly: true,
  },
  maxSize: {
    kind: 'value',
    flags: '--max-size <size>',
    says: 'refuse larger files: 500MiB, 2GiB',
    parse: parseSizeBytes,
  },
  defect: {
    kind: 'list',
    flags: '--defect <id>',
    says: 'be wrong on purpose, to try verify; repeatable',
    parse: parseIds,
    commandLineOnly: true,
  },
  listDefects: {
    kind: 'flag',
    flags: '--list-defects',
    says: 'what can be wrong on purpose',
    commandLineOnly: true,
  },
  cors: {
    kind: 'value',
    flags: '--cors <origin>',
    says: 'let pages of this origin, or *, upload',
    parse: parseOrigin,
  },
  noPage: { kind: 'flag', flags: '--no-page', says: 'no page for people at /' },
  json: { kind: 'flag', flags: '--json', says: 'access log as NDJSON' },
  quiet: { kind: 'flag', flags: '-q, --quiet', says: 'no access log, errors only' },
  ...stackAndColor,
  ...commonOptions,
} as const satisfies OptionTable;

export type ServeValues = Values<typeof serveOptions>;

/** The settings of the server room but its extensions, which are loaded late; reads the token file. */
export function serverSettings(values: ServeValues): ServerSettings {
  const { host, port, dir, protocol = 'pulse', tokenFile, maxSize, cors, noPage } = values;
  return {
    host,
    port,
    dir,
    protocol,
    page: !noPage,
    ...(cors !== undefined && { corsOrigin: cors }),
    ...(tokenFile !== undefined && tokensIn(tokenFile, protocol)),
    ...(maxSize !== undefined && { maxSizeBytes: maxSize }),
  };
}

/** Protocol v1 knows tokens that are good for one artifact each (5.4); the others know one for everything. */
function tokensIn(
  path: string,
  protocol: ServerSettings['protocol'],
): Pick<ServerSettings, 'token' | 'boundTokens'> {
  if (protocol !== 'pulse-v1') return { token: readTokenFile(path, '--token-file') };
  const lines = readTokenLines(path, '--token-file');
  const boundTokens = lines.flatMap(({ token, artifactId }) =>
    artifactId === undefined ? [] : [{ token, artifactId }],
  );
  const [forAll, ...more] = lines.filter(({ artifactId }) => artifactId === undefined);
  if (more.length > 0) {
    const fact = `--token-file ${path} holds ${more.length + 1} tokens that are good for everything, expected one at most`;
    throw new PulseError('input', fact, {
      hint: 'write <token> <artifactId> where a token is good for one artifact only',
    });
  }
  return { boundTokens, ...(forAll && { token: forAll.token }) };
}
