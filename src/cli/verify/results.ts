import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PulseError } from '../../errors.ts';
import { recordingLines } from '../../output/verify/recordings.ts';
import type { VerifyReport } from '../../output/verify/report.ts';
import { reportWriters } from '../../output/verify/reports/index.ts';
import type { VerifyRun } from '../../verify/verify.ts';
import type { VerifyValues } from '../options/verify.ts';

type Wanted = Pick<VerifyValues, 'report' | 'record'>;

/** A file that could not be written after the run. */
export interface Unkept {
  readonly path: string;
  readonly why: PulseError;
}

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
}: Wanted): Promise<(report: VerifyReport, run: VerifyRun) => readonly Unkept[]> {
  const writers = await Promise.all(
    files.map(async ({ format, path }) => ({ path, write: await reportWriters[format]() })),
  );
  return (report, run) => {
    const reports = writers.map(({ path, write }) => writeResult('--report', path, write(report)));
    const records =
      record === undefined ? [] : [writeResult('--record', record, recordingLines(report, run))];
    return [...reports, ...records].filter((unkept) => unkept !== undefined);
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

/** What is found is shown for all that: a run is not done in vain because a disk is full. */
function writeResult(flag: string, path: string, text: string): Unkept | undefined {
  try {
    writeFileSync(path, text);
    return undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return {
      path,
      why: new PulseError('input', `${flag} ${path} could not be written: ${code}`, {
        hint: 'the run itself is done: make room there, or the file writable, and run it again',
        cause: error,
      }),
    };
  }
}
