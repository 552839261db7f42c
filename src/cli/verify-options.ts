import type { VerifyOutputChoice } from '../output/verify/verify-output.ts';
import { networkOptions } from './network-options.ts';
import type { OptionTable, Values } from './option-table.ts';
import { commonOptions } from './options.ts';
import { oneOf } from './parse/choice.ts';
import { parseCount } from './parse/count.ts';
import { parseDurationMs } from './parse/duration.ts';
import { parseHeaders } from './parse/headers.ts';
import { parseText } from './parse/text.ts';
import { parseToken } from './parse/token.ts';
import { parseFew, parseGlobs, parseReportFiles } from './verify-parse.ts';

/** The options of `pulse-upload verify <url>`, in the order of the help. */
export const verifyOptions = {
  protocol: {
    kind: 'value',
    flags: '--protocol <name>',
    says: 'auto, pulse or tus',
    fallback: 'auto',
    parse: oneOf('auto', 'pulse', 'tus', 'pulse-v1'),
  },
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
  tokenFile: {
    kind: 'value',
    flags: '--token-file <path>',
    says: 'file with the token; or PULSE_UPLOAD_TOKEN',
    parse: parseText,
  },
  header: {
    kind: 'list',
    flags: '-H, --header <name: value>',
    says: 'sent with every request; repeatable',
    parse: parseHeaders,
    secret: true,
  },
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
    says: 'prints the stored bytes of $UPLOAD_ID',
    parse: parseText,
    commandLineOnly: true,
  },
  yes: {
    kind: 'flag',
    flags: '--yes',
    says: "go ahead against somebody else's machine",
    commandLineOnly: true,
  },
  large: { kind: 'flag', flags: '--large', commandLineOnly: true },
  slow: { kind: 'flag', flags: '--slow', commandLineOnly: true },
  token: { kind: 'value', flags: '-t, --token <token>', parse: parseToken, secret: true },
  secondToken: { kind: 'value', flags: '--second-token <token>', parse: parseToken, secret: true },
  skip: { kind: 'list', flags: '--skip <glob>', parse: parseGlobs, commandLineOnly: true },
  list: { kind: 'flag', flags: '--list', commandLineOnly: true },
  seed: { kind: 'value', flags: '--seed <n>', parse: parseCount },
  ...networkOptions,
  json: { kind: 'flag', flags: '--json' },
  quiet: { kind: 'flag', flags: '-q, --quiet' },
  verbose: { kind: 'flag', flags: '-v, --verbose' },
  noColor: { kind: 'flag', flags: '--no-color' },
  ...commonOptions,
} as const satisfies OptionTable;

export type VerifyValues = Values<typeof verifyOptions>;

export function verifyOutputChoice({ json, quiet, verbose, noColor }: VerifyValues): VerifyOutputChoice {
  return { json, quiet, verbose, noColor };
}
