import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { PulseError } from '../../errors.ts';
import type { VerifyReport } from '../../output/verify/report.ts';
import { reportWriters } from '../../output/verify/reports/index.ts';
import { jsonObject } from '../../protocol/json.ts';
import { splitCommandLine } from '../command-line.ts';
import type { Invocation } from '../commands.ts';
import { readConfig } from '../config/read-config.ts';
import { helpOf, wroteHelp } from '../help.ts';
import { valuesOf } from '../options/option-table.ts';
import { type ReportValues, reportOptions } from '../options/report.ts';
import { judgedAgain } from '../verify/judge-again.ts';

/** `pulse-upload report`: renders the results of an earlier run, or judges its recordings again. Offline. */
export async function run({ argv }: Invocation): Promise<number> {
  const { operands, given } = splitCommandLine(reportOptions, argv);
  if (wroteHelp(given, helpText)) return 0;
  const [path, ...more] = operands;
  if (path === undefined || more.length > 0) {
    throw new PulseError('usage', `report got ${operands.length} files, expected one`, {
      hint: 'name what verify wrote: --report json=results.json, or --record recordings.ndjson with --judge',
    });
  }
  const values = valuesOf(reportOptions, given, process.env, readConfig('report', reportOptions));
  const report = values.judge ? judgedAgain(path, read(path)) : resultsOf(path, read(path));
  const write = await reportWriters[values.to]();
  keep(values, write(report));
  return values.judge ? report.exitCode : 0;
}

function helpText(): string {
  const example = 'Example: pulse-upload report results.json --to html --output report.html';
  return helpOf('report', reportOptions, example);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new PulseError('input', `${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`, {
      hint: 'name a file that pulse-upload verify wrote',
      cause: error,
    });
  }
}

function resultsOf(path: string, text: string): VerifyReport {
  const value = jsonObject(text);
  if (value?.format === 'pulse-upload-verify-report' && value.formatVersion === 1)
    return value as unknown as VerifyReport;
  const [firstLine = ''] = text.split('\n', 1);
  const { format } = jsonObject(firstLine) ?? {};
  if (format === 'pulse-upload-verify-recordings')
    throw new PulseError('input', `${path} is a recording, expected results of pulse-upload verify`, {
      hint: 'add --judge, which judges it with the checks of this version',
    });
  throw new PulseError('input', `${path} holds no results of pulse-upload verify that this version reads`, {
    hint: 'make them with: pulse-upload verify <url> --report json=results.json',
  });
}

function keep({ output }: ReportValues, text: string): void {
  if (output === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(output, text);
  } catch (error) {
    throw new PulseError(
      'input',
      `${output} could not be written: ${(error as NodeJS.ErrnoException).code}`,
      {
        hint: 'name another file with --output',
        cause: error,
      },
    );
  }
}
