import { parseCount } from '../../input/count.ts';
import { parseDurationMs } from '../../input/duration.ts';
import { linkText } from '../../input/pairing-link.ts';
import { parseText } from '../../input/text.ts';
import { parseToken } from '../../input/token.ts';
import { parseUuid } from '../../input/uuid.ts';
import type { VerifyOutputChoice } from '../../output/verify/verify-output.ts';
import { parseFew, parseGlobs, parseReportFiles } from '../verify/parse.ts';
import { commonOptions } from './common.ts';
import { networkOptions } from './network.ts';
import type { OptionTable, Values } from './option-table.ts';
import { uploadOptions } from './upload.ts';

const { protocol, tokenFile, token, header } = uploadOptions;

/** The options of `pulse-upload verify <url>`, in the order of the help. */
export const verifyOptions = {
  protocol,
  only: {
    kind: 'list',
    flags: '--only <glob>',
    says: "only these checks: 'core.*'; or --skip some",
    parse: parseGlobs,
    commandLineOnly: true,
  },
  explain: {
    kind: 'value',
    flags: '--explain <id>',
    says: 'what a check asks and why; --list names all',
    parse: parseText,
    commandLineOnly: true,
  },
  strict: { kind: 'flag', flags: '--strict', says: 'a broken SHOULD fails the run, too' },
  expectFailures: {
    kind: 'value',
    flags: '--expect-failures <file>',
    says: 'known failures: one id and its reason a line',
    parse: parseText,
  },
  report: {
    kind: 'list',
    flags: '--report <format>=<path>',
    says: 'write a report; repeatable',
    parse: parseReportFiles,
    commandLineOnly: true,
  },
  record: {
    kind: 'value',
    flags: '--record <file>',
    says: 'keep everything sent and received (NDJSON)',
    parse: parseText,
    commandLineOnly: true,
  },
  tokenFile,
  header,
  timeout: {
    kind: 'value',
    flags: '--timeout <time>',
    says: 'to connect, to write, to be answered',
    fallback: '10s',
    parse: parseDurationMs,
  },
  jobs: {
    kind: 'value',
    flags: '--jobs <n>',
    says: 'scenarios side by side',
    fallback: '4',
    parse: parseFew,
  },
  rounds: {
    kind: 'value',
    flags: '--rounds <n>',
    says: 'how often races are run',
    fallback: '5',
    parse: parseFew,
  },
  intrusive: {
    kind: 'flag',
    flags: '--intrusive',
    says: 'adds risky checks; --large, --slow: long ones',
    commandLineOnly: true,
  },
  restartCmd: {
    kind: 'value',
    flags: '--restart-cmd <cmd>',
    says: 'restarts the server',
    parse: parseText,
    commandLineOnly: true,
  },
  readBack: {
    kind: 'value',
    flags: '--read-back <cmd>',
    says: 'prints stored bytes of $UPLOAD_ID; pulse too',
    means:
      'prints the stored bytes of $UPLOAD_ID, which are compared: where nothing else reads them, and under pulse beside the checksum',
    parse: parseText,
    commandLineOnly: true,
  },
  yes: {
    kind: 'flag',
    flags: '--yes',
    // Asked for where it is needed, so the help can do without.
    means: "go ahead against somebody else's machine",
    commandLineOnly: true,
  },
  large: { kind: 'flag', flags: '--large', means: 'checks that send gigabytes', commandLineOnly: true },
  slow: { kind: 'flag', flags: '--slow', means: 'checks that wait', commandLineOnly: true },
  maxWait: {
    kind: 'value',
    flags: '--max-wait <time>',
    means: 'longest wait for an upload to expire; with --slow 1m',
    parse: parseDurationMs,
    commandLineOnly: true,
  },
  token,
  secondToken: {
    kind: 'value',
    flags: '--second-token <token>',
    means: 'the token of another user',
    parse: parseToken,
    secret: true,
    notInConfig: 'config files are copied and committed; set PULSE_UPLOAD_SECOND_TOKEN',
  },
  link: {
    kind: 'value',
    flags: '--link <link>',
    means: 'a pairing link that you hand out, to be checked as well; @path reads it from a file',
    parse: linkText,
    secret: true,
    notInConfig: 'it holds a token and names a single artifact; give it by @path, or as PULSE_UPLOAD_LINK',
  },
  artifact: {
    kind: 'value',
    flags: '--artifact <uuid>',
    means: 'the artifact that the token is good for',
    parse: parseUuid,
  },
  secondArtifact: {
    kind: 'value',
    flags: '--second-artifact <uuid>',
    means: 'the artifact that the second token is good for',
    parse: parseUuid,
  },
  skip: {
    kind: 'list',
    flags: '--skip <glob>',
    means: 'not these checks; repeatable',
    parse: parseGlobs,
    commandLineOnly: true,
  },
  list: { kind: 'flag', flags: '--list', means: 'the checks that would run', commandLineOnly: true },
  seed: {
    kind: 'value',
    flags: '--seed <n>',
    means: 'the same seed sends the same requests',
    parse: parseCount,
  },
  ...networkOptions,
  json: { kind: 'flag', flags: '--json', means: 'events as NDJSON on stdout' },
  quiet: { kind: 'flag', flags: '-q, --quiet', means: 'only what is wrong, and the verdict on it' },
  verbose: { kind: 'flag', flags: '-v, --verbose', means: 'every check, with its requests' },
  noColor: { kind: 'flag', flags: '--no-color', means: 'no colours' },
  ...commonOptions,
} as const satisfies OptionTable;

export type VerifyValues = Values<typeof verifyOptions>;

export function verifyOutputChoice(values: VerifyValues): VerifyOutputChoice {
  const { json, quiet, verbose, noColor, report, record } = values;
  const written = [...report.map(({ path }) => path), ...(record === undefined ? [] : [record])];
  return { json, quiet, verbose, noColor, written };
}
