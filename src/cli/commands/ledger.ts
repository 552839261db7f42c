import { existsSync } from 'node:fs';
import process from 'node:process';
import { exitCodes, PulseError } from '../../errors.ts';
import { nearName } from '../../input/near-name.ts';
import { labelled } from '../../output/labelled.ts';
import { csvLine, failureLines, summaryLines } from '../../output/ledger-lines.ts';
import { createPaint, type Paint, wantsColor } from '../../output/paint.ts';
import { harmless } from '../../output/text.ts';
import { columnsOf } from '../../output/text-stream.ts';
import { fsPath } from '../../system/path-bytes.ts';
import { splitCommandLine } from '../command-line.ts';
import { commands, type Invocation } from '../commands.ts';
import { readConfig } from '../config/read-config.ts';
import { optionLines, wroteHelp } from '../help.ts';
import { watchForSignals } from '../interruption.ts';
import { type LedgerValues, ledgerOptions, ledgerTasks } from '../options/ledger.ts';
import { refuseTogether, valuesOf } from '../options/option-table.ts';
import { shellQuote } from '../shell-quote.ts';

type Task = (operands: readonly string[], values: LedgerValues) => Promise<number>;

/** The first operand, where it is one of these; anything else is the ledger to show. */
const tasks: Readonly<Record<string, Task>> = { check, merge } satisfies Record<
  keyof typeof ledgerTasks,
  Task
>;

/** `pulse-upload ledger`: shows, audits and merges what bulk runs kept. Asks no server. */
export async function run({ argv }: Invocation): Promise<number> {
  const { operands, given } = splitCommandLine(ledgerOptions, argv);
  if (wroteHelp(given, helpText)) return 0;
  refuseTogether(ledgerOptions, given, 'json', 'csv');
  const values = valuesOf(ledgerOptions, given, process.env, readConfig('ledger', ledgerOptions));
  const [first = '', ...rest] = operands;
  const task = Object.hasOwn(tasks, first) ? tasks[first] : undefined;
  if (task !== undefined) return task(rest, values);
  refuseMisspeltTask(first);
  return show(operands, values);
}

function refuseMisspeltTask(word: string): void {
  const near = nearName(word, Object.keys(tasks));
  if (near === undefined || existsSync(word)) return;
  throw new PulseError('usage', `there is no ledger ${word}, and ledger knows no such word`, {
    hint: `did you mean: pulse-upload ledger ${near}`,
  });
}

function helpText(): string {
  const uses = [
    { usage: commands.ledger.usage, says: 'what runs with --ledger achieved' },
    ...Object.values(ledgerTasks),
  ];
  const lines = [
    ...uses.map(
      ({ usage, says }, index) =>
        `${index === 0 ? 'Usage:' : '      '} pulse-upload ${usage.padEnd(27)} ${says}`,
    ),
    '',
    ...optionLines(ledgerOptions),
    '',
    'Example: pulse-upload ledger done.jsonl --failed',
  ];
  return `${lines.join('\n')}\n`;
}

async function show(operands: readonly string[], values: LedgerValues): Promise<number> {
  const path = only(operands, 'pulse-upload ledger done.jsonl');
  const { latestRecords } = await import('../../bulk/ledger/latest.ts');
  const { summarise } = await import('../../bulk/ledger/summary.ts');
  const records = [...(await latestRecords([path])).values()];
  const failures = records.filter(({ status }) => status === 'failed');
  if (values.csv) {
    process.stdout.write(csvLine(csvColumns));
    for (const record of values.failed ? failures : records) {
      const line = csvLine(csvColumns.map((column) => record[column]));
      // A program gets names byte for byte; a terminal could take the bytes for commands.
      process.stdout.write(process.stdout.isTTY ? line : fsPath(line));
    }
    return 0;
  }
  if (values.json) {
    const objects = values.failed ? failures : [summarise(records)];
    for (const object of objects) process.stdout.write(`${JSON.stringify(object)}\n`);
    return 0;
  }
  if (values.failed) {
    const columns = process.stdout.isTTY ? columnsOf(process.stdout) - 1 : undefined;
    if (failures.length > 0) write(process.stdout, failureLines(failures, columns));
    else write(process.stderr, ['nothing failed']);
    return 0;
  }
  write(process.stdout, summaryLines(path, summarise(records), await paintFor(process.stdout, values)));
  if (failures.length > 0) {
    const next = `pulse-upload ledger ${shellQuote(path, process.platform)} --failed`;
    write(process.stderr, labelled([['next', harmless(next)]], await paintFor(process.stderr, values)));
  }
  return 0;
}

const csvColumns = [
  'file',
  'status',
  'proven',
  'sizeBytes',
  'mtime',
  'sha256',
  'url',
  'videoId',
  'server',
  'attempts',
  'seconds',
  'kind',
  'message',
  'time',
] as const;

async function check(operands: readonly string[], values: LedgerValues): Promise<number> {
  const path = only(operands, 'pulse-upload ledger check done.jsonl');
  const { auditLedger } = await import('../../bulk/ledger/check.ts');
  const interruption = watchForSignals();
  const counts = { same: 0, changed: 0, missing: 0, unreadable: 0 };
  try {
    for await (const { record, verdict, sha256 } of auditLedger(path, interruption.signal)) {
      counts[verdict] += 1;
      const { file } = record;
      if (values.json)
        process.stdout.write(`${JSON.stringify({ file, verdict, was: record.sha256, sha256 })}\n`);
      else if (verdict !== 'same') process.stdout.write(`${verdict.padEnd(10)}  ${harmless(file)}\n`);
    }
  } catch (error) {
    const exitCode = interruption.exitCode();
    if (exitCode === undefined) throw error;
    return exitCode;
  } finally {
    interruption.release();
  }
  const parts = Object.entries(counts).filter(([verdict, count]) => count > 0 || verdict === 'same');
  write(process.stderr, [parts.map(([verdict, count]) => `${count} ${verdict}`).join(', ')]);
  return counts.changed + counts.missing + counts.unreadable === 0 ? 0 : exitCodes.verdict;
}

async function merge([out, ...inputs]: readonly string[], values: LedgerValues): Promise<number> {
  if (out === undefined || inputs.length === 0) {
    throw new PulseError('usage', 'merge needs the ledger to write, and those to read', {
      hint: 'for example: pulse-upload ledger merge all.jsonl shard-1.jsonl shard-2.jsonl',
    });
  }
  const { mergeLedgers } = await import('../../bulk/ledger/merge.ts');
  const { summarise } = await import('../../bulk/ledger/summary.ts');
  const summary = summarise((await mergeLedgers(out, inputs)).values());
  if (values.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else write(process.stdout, summaryLines(out, summary, await paintFor(process.stdout, values)));
  return 0;
}

function only(operands: readonly string[], example: string): string {
  const [path, ...more] = operands;
  if (path !== undefined && more.length === 0) return path;
  const what = path === undefined ? 'no ledger is named' : `${operands.length} ledgers are named`;
  throw new PulseError('usage', `${what}, expected one`, { hint: `for example: ${example}` });
}

function paintFor(stream: NodeJS.WriteStream, { noColor }: LedgerValues): Promise<Paint> {
  return createPaint(wantsColor(stream, process.env, noColor));
}

function write(stream: NodeJS.WriteStream, lines: readonly string[]): void {
  stream.write(lines.map((line) => `${line}\n`).join(''));
}
