import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PulseError } from '../../errors.ts';
import { recordingLines } from '../../output/verify/recordings.ts';
import type { VerifyReport } from '../../output/verify/report.ts';
import { reportWriters } from '../../output/verify/reports/index.ts';
import type { VerifyRun } from '../../verify/verify.ts';
import type { VerifyValues } from '../options/verify.ts';

type Wanted = Pick<VerifyValues, 'report' | 'record'>;

/** Refuses before the run what could not be written after it. */
export function refuseUnwritable({ report, record }: Wanted): void {
  for (const { path } of report) refuseUnwritableFile('--report', path);
  if (record === undefined) return;
  refuseUnwritableFile('--record', record);
  if (report.some(({ path }) => resolve(path) === resolve(record))) {
    throw new PulseError(
      'usage',
      `--record and --report both name ${record}, expected another file for each`,
      {
        hint: 'give one of them another name',
      },
    );
  }
}

/**
 * What writes the reports and recordings that the user asked for, loaded before the run: the program may have been
 * replaced by a newer one when that is over.
 */
export async function resultsKeeper({
  report: files,
  record,
}: Wanted): Promise<(report: VerifyReport, run: VerifyRun) => void> {
  const writers = await Promise.all(
    files.map(async ({ format, path }) => ({ path, write: await reportWriters[format]() })),
  );
  return (report, run) => {
    for (const { path, write } of writers) writeResult('--report', path, write(report));
    if (record !== undefined) writeResult('--record', record, recordingLines(report, run));
  };
}

function refuseUnwritableFile(flag: string, path: string): void {
  if (path === '-') {
    throw new PulseError('usage', `${flag} names -, expected a file: stdout is for the run itself`, {
      hint: 'pulse-upload report <file> --to <format> prints what is kept in a file; ./- is a file of that name',
    });
  }
  const folder = dirname(path);
  if (!existsSync(folder)) {
    throw new PulseError('input', `${flag} ${path} cannot be written: there is no folder ${folder}`, {
      hint: 'make the folder first, or name another one',
    });
  }
  if (existsSync(path) && statSync(path).isDirectory()) {
    throw new PulseError('input', `${flag} ${path} is a folder, expected the name of a file`, {
      hint: 'name a file in that folder',
    });
  }
}

function writeResult(flag: string, path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new PulseError('input', `${flag} ${path} could not be written: ${code}`, {
      hint: 'the run itself is done: make the file writable, and run it again',
      cause: error,
    });
  }
}
