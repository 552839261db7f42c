import { PulseError } from '../../errors.ts';
import { oneOf } from '../../input/choice.ts';
import { parseCount } from '../../input/count.ts';
import { parseDurationMs } from '../../input/duration.ts';
import { parseFileName } from '../../input/file-name.ts';
import { parseHeaders } from '../../input/headers.ts';
import { parseTemplateOfLines } from '../../input/line-template.ts';
import { parseMetadataPairs } from '../../input/metadata.ts';
import { parsePairingLink } from '../../input/pairing-link.ts';
import { parseServerUrl } from '../../input/server-url.ts';
import { parseBytesPerSecond, parseChunkSize, parseLengthBytes } from '../../input/size.ts';
import { parseText } from '../../input/text.ts';
import { parseToken, readTokenFile, readTokenFileAgain } from '../../input/token.ts';
import type { OutputChoice, ProgressStyle } from '../../output/output.ts';
import { autoChunks, type UploadSettings } from '../../upload/settings.ts';
import { commonOptions } from './common.ts';
import { strongerOf } from './exclusive.ts';
import { networkOptions } from './network.ts';
import {
  type Config,
  type Environment,
  type Given,
  type OptionTable,
  refuseTogether,
  type Sources,
  sourceOf,
  type Values,
  valuesOf,
} from './option-table.ts';
import { tusOptions } from './tus.ts';

/** The options of `pulse-upload <file...>`, in the order of the help. */
export const uploadOptions = {
  server: {
    kind: 'value',
    flags: '-s, --server <url>',
    says: 'base URL; or PULSE_UPLOAD_SERVER',
    parse: parseServerUrl,
  },
  tokenFile: {
    kind: 'value',
    flags: '--token-file <path>',
    says: 'file with the token; or PULSE_UPLOAD_TOKEN',
    parse: parseText,
  },
  token: {
    kind: 'value',
    flags: '-t, --token <token>',
    means: 'the token itself; other users of the machine may see it',
    notInConfig: 'name a file that holds it: tokenFile; config files are copied and committed',
    parse: parseToken,
    secret: true,
  },
  pairingLink: {
    kind: 'value',
    flags: '--pairing-link <link>',
    means: 'server, artifact and token, as pulsecam://?v=1&…; @path reads it from a file',
    parse: parsePairingLink,
    secret: true,
    notInConfig:
      'it holds a token and names a single artifact; give it by @path, or as PULSE_UPLOAD_PAIRING_LINK',
  },
  protocol: {
    kind: 'value',
    flags: '--protocol <name>',
    says: 'auto, pulse, tus or pulse-v1',
    fallback: 'auto',
    parse: oneOf('auto', 'pulse', 'tus', 'pulse-v1'),
  },
  body: {
    kind: 'value',
    flags: '--body <form>',
    means: 'raw, or multipart with the field chunk',
    fallback: 'raw',
    parse: oneOf('raw', 'multipart'),
  },
  chunkSize: {
    kind: 'value',
    flags: '--chunk-size <size>',
    says: '512KiB, 1MiB, or auto, for long lines',
    fallback: '1MiB',
    parse: parseChunkSize,
  },
  retries: {
    kind: 'value',
    flags: '--retries <n>',
    says: 'tries per chunk beyond the first',
    fallback: '3',
    parse: parseCount,
  },
  retryDelay: {
    kind: 'value',
    flags: '--retry-delay <time>',
    means: 'pause before each further try: 500ms, 2s, 5m',
    fallback: '1s',
    parse: parseDurationMs,
  },
  timeout: {
    kind: 'value',
    flags: '--timeout <time>',
    says: 'retry after this long without progress',
    fallback: '30s',
    parse: parseDurationMs,
  },
  maxOutage: {
    kind: 'value',
    flags: '--max-outage <time>',
    means: 'how long to wait for an unreachable server; 15m for several files',
    parse: parseDurationMs,
  },
  limitRate: {
    kind: 'value',
    flags: '--limit-rate <size>',
    means: 'bytes a second, of all files together',
    parse: parseBytesPerSecond,
  },
  name: {
    kind: 'value',
    flags: '--name <filename>',
    says: 'name that the server gives the file',
    parse: parseFileName,
  },
  size: {
    kind: 'value',
    flags: '--size <size>',
    means: 'of standard input (-), if known; any other size is an error',
    commandLineOnly: true,
    parse: parseLengthBytes,
  },
  spool: {
    kind: 'flag',
    flags: '--spool',
    means: 'keep standard input (-) on disk first, so that its upload can resume',
  },
  header: {
    kind: 'list',
    flags: '-H, --header <name: value>',
    says: 'sent with every request; repeatable',
    parse: parseHeaders,
    secret: true,
  },
  metadata: {
    kind: 'list',
    flags: '--metadata <key=value>',
    says: 'stored with the upload; repeatable',
    parse: parseMetadataPairs,
  },
  noResume: { kind: 'flag', flags: '--no-resume', means: 'start over' },
  noFinalize: { kind: 'flag', flags: '--no-finalize', means: 'stop before finalize' },
  requireProof: {
    kind: 'flag',
    flags: '--require-proof',
    means: 'exit 8 where the server offers no checksum',
  },
  readBack: {
    kind: 'flag',
    flags: '--read-back',
    means: 'prove the content by asking for it, where nothing cheaper does',
  },
  dryRun: { kind: 'flag', flags: '--dry-run', means: 'say what a run would do, and touch nothing' },
  transcript: {
    kind: 'value',
    flags: '--transcript <path>',
    means: 'append every request to this file',
    parse: parseText,
  },
  json: { kind: 'flag', flags: '--json', says: 'events as NDJSON on stdout' },
  progress: {
    kind: 'value',
    flags: '--progress <style>',
    says: 'auto, bar, plain or none',
    fallback: 'auto',
    parse: oneOf<'auto' | ProgressStyle>('auto', 'bar', 'plain', 'none'),
  },
  ...networkOptions,
  outputTemplate: {
    kind: 'value',
    flags: '--output-template <text>',
    means: 'the line of a finished file: {file} {sha256}',
    parse: parseTemplateOfLines,
  },
  quiet: { kind: 'flag', flags: '-q, --quiet', means: 'errors only' },
  verbose: { kind: 'flag', flags: '-v, --verbose', means: 'every request and its answer' },
  noColor: { kind: 'flag', flags: '--no-color', means: 'no colours' },
  ...commonOptions,
  helpBulk: {
    kind: 'flag',
    flags: '--help-bulk',
    means: 'the options for many files',
    commandLineOnly: true,
  },
  helpTus: {
    kind: 'flag',
    flags: '--help-tus',
    means: 'the options for what tus servers offer',
    commandLineOnly: true,
  },
  ...tusOptions,
} as const satisfies OptionTable;

export type UploadValues = Values<typeof uploadOptions>;

/** Everything the command line, the environment and the config file say about an upload, validated. */
export function readUploadValues(
  given: Given,
  environment: Environment,
  config: Config = new Map(),
): UploadValues {
  refuseTogether(uploadOptions, given, 'token', 'tokenFile');
  const sources = { given, environment, config };
  const exclusive = [
    ['quiet', 'verbose'],
    ['json', 'outputTemplate'],
  ] as const;
  const values = exclusive.reduce(
    (settled: UploadValues, pair) => strongerOf(uploadOptions, settled, sources, pair),
    valuesOf(uploadOptions, given, environment, config),
  );
  if (values.noFinalize && values.requireProof) refuseProofUnfinished(sources);
  return values;
}

/** Also where a flag asks for the one and a variable for the other: what is not finalized cannot be proven. */
function refuseProofUnfinished(sources: Sources): never {
  const [proof, end] = [
    sourceOf(uploadOptions, 'requireProof', sources),
    sourceOf(uploadOptions, 'noFinalize', sources),
  ];
  throw new PulseError('usage', `${proof} needs finalize, which ${end} leaves out`, {
    hint: `leave out ${proof} or ${end}`,
  });
}

/** The settings of the upload room; reads the token file. Without `files` these come from folders and lists. */
export function uploadSettings(
  values: UploadValues,
  given: Given,
  files?: readonly string[],
): UploadSettings {
  const { server, name } = values;
  if (server === undefined) {
    throw new PulseError('usage', 'no server is given, expected its base URL', {
      hint: 'add --server http://host/path, or set PULSE_UPLOAD_SERVER',
    });
  }
  if (files !== undefined) refuseFiles(files, server, name);
  const token = tokenOf(values, given);
  const { parallel = 1 } = values;
  return {
    server,
    protocol: values.protocol,
    body: values.body,
    ...(values.chunkSize === 'auto' ? autoChunksOf(parallel) : { chunkBytes: values.chunkSize }),
    retries: values.retries,
    retryDelayMs: values.retryDelay,
    timeoutMs: values.timeout,
    headers: values.header,
    metadata: values.metadata,
    resume: !values.noResume,
    finalize: !values.noFinalize,
    requireProof: values.requireProof,
    readBack: values.readBack,
    checksum: values.checksum,
    abortOnFailure: values.abortOnFailure,
    ...(parallel > 1 && { parallel }),
    ...(values.maxOutage !== undefined && { maxOutageMs: values.maxOutage }),
    ...(name !== undefined && { name }),
    ...(token !== undefined && { token }),
  };
}

/** Memory is for all parts together. */
function autoChunksOf(parallel: number): Pick<UploadSettings, 'chunkBytes' | 'mostChunkBytes'> {
  return { ...autoChunks, mostChunkBytes: Math.floor(autoChunks.mostChunkBytes / parallel) };
}

function refuseFiles(files: readonly string[], server: URL, name: string | undefined): void {
  if (files.length === 0) {
    throw new PulseError('usage', 'no file is given, expected at least one', {
      hint: `for example: pulse-upload video.mp4 --server ${server.href}`,
    });
  }
  if (files.includes('')) {
    throw new PulseError('usage', 'a file name is empty, expected a path', {
      hint: 'is a variable of your script empty?',
    });
  }
  if (name !== undefined && files.length > 1) {
    throw new PulseError('usage', `--name is given for ${files.length} files, expected a single one`, {
      hint: 'leave out --name, or upload the files one by one',
    });
  }
}

/** A flag beats a variable; of two variables the token itself beats the file. */
export function tokenOf(values: Pick<UploadValues, 'token' | 'tokenFile'>, given: Given): string | undefined {
  const path = tokenFileOf(values, given);
  return path === undefined ? values.token : readTokenFile(path, '--token-file');
}

/** Reads the token from its file once more; undefined where it does not come from one. */
export function tokenReader(
  values: Pick<UploadValues, 'token' | 'tokenFile'>,
  given: Given,
): (() => string) | undefined {
  const path = tokenFileOf(values, given);
  return path === undefined ? undefined : () => readTokenFileAgain(path, '--token-file');
}

function tokenFileOf(
  { token, tokenFile }: Pick<UploadValues, 'token' | 'tokenFile'>,
  given: Given,
): string | undefined {
  return token !== undefined && !given.has('tokenFile') ? undefined : tokenFile;
}

export function outputChoice(values: UploadValues): OutputChoice {
  const { json, quiet, verbose, noColor, progress, outputTemplate } = values;
  return {
    ...{ json, quiet, verbose, noColor, progress },
    ...(outputTemplate !== undefined && { template: outputTemplate }),
  };
}
