import process from 'node:process';
import { asPulseError, PulseError } from '../../errors.ts';
import { countOf, formatBytes, percentOf } from '../../output/format.ts';
import type { ForgottenEvent, ForgottenInputEvent } from '../../output/kept-uploads.ts';
import { ndjsonLine } from '../../output/ndjson.ts';
import { harmless } from '../../output/text.ts';
import { type Copy, removeSpooled, unsentCopies } from '../../upload/source/spool.ts';
import { forgetUpload, keptUploads, removeLeftovers } from '../../upload/state/kept-uploads.ts';
import type { UploadRecord } from '../../upload/state/state-store.ts';
import { commonExitCode } from '../../upload/upload-files.ts';
import { splitCommandLine } from '../command-line.ts';
import type { Invocation } from '../commands.ts';
import { readConfig } from '../config/read-config.ts';
import { helpOf, wroteHelp } from '../help.ts';
import { keptEvent } from '../kept-events.ts';
import { forgetOptions } from '../options/list.ts';
import { type Values, valuesOf } from '../options/option-table.ts';
import { rememberedPath } from '../remembered-path.ts';
import { reportFailure } from '../report-failure.ts';
import { stateDir } from '../state-dir.ts';

/** `pulse-upload forget`: the next upload of these files starts over. Asks nothing, and touches no server. */
export async function run({ argv }: Invocation): Promise<number> {
  const { operands, given } = splitCommandLine(forgetOptions, argv);
  if (wroteHelp(given, helpText)) return 0;
  const values = valuesOf(forgetOptions, given, process.env, readConfig('forget', forgetOptions));
  if (values.all === operands.length > 0) {
    const fact = values.all ? 'forget got files and --all' : 'forget got no file';
    throw new PulseError('usage', `${fact}, expected files or --all`, {
      hint: 'pulse-upload list shows what is remembered',
    });
  }
  return values.all ? forgetAll(values) : forgetFiles(operands, values);
}

function helpText(): string {
  return helpOf('forget', forgetOptions, 'Example: pulse-upload forget video.mp4');
}

type ForgetValues = Values<typeof forgetOptions>;

async function forgetAll(values: ForgetValues): Promise<number> {
  const dir = stateDir();
  const kept = await keptUploads(dir, Date.now());
  const { failures, left } = await forgetEach(
    kept.map(({ record }) => record),
    values,
  );
  const aside = await removeLeftovers(dir, Date.now());
  if (aside > 0 && !values.json)
    process.stdout.write(`forgot ${countOf(aside, 'saved state', 'saved states')} that could not be read\n`);
  const copies = await copiesBeside(left);
  if (kept.length === 0 && aside === 0 && copies.length === 0 && !values.json)
    process.stderr.write('nothing was remembered\n');
  tellStaying(copies, values);
  return commonExitCode(failures);
}

/** One that is unknown, or that a process works on, keeps no other from being forgotten. */
async function forgetFiles(files: readonly string[], values: ForgetValues): Promise<number> {
  const kept = await keptUploads(stateDir(), Date.now());
  const copies = await copiesBeside(kept.map(({ record }) => record));
  const unknown: string[] = [];
  const unwanted: Copy[] = [];
  const chosen: UploadRecord[] = [];
  for (const file of files) {
    const path = await rememberedPath(file);
    const records = kept.map(({ record }) => record).filter((record) => record.path === path);
    const copy = copies.find((other) => other.path === path);
    if (copy !== undefined && !unwanted.includes(copy)) unwanted.push(copy);
    if (records.length === 0 && copy === undefined) unknown.push(file);
    chosen.push(...records.filter((record) => !chosen.includes(record)));
  }
  const { failures, left } = await forgetEach(chosen, values);
  await removeEach(unwanted, values);
  const begun = await copiesBeside(left);
  tellStaying(
    begun.filter(({ path }) => chosen.some((record) => record.path === path)),
    values,
  );
  if (unknown.length === 0) return commonExitCode(failures);
  const error = new PulseError('input', `no upload of ${unknown.join(', ')} is remembered`, {
    hint: 'pulse-upload list shows what is remembered',
  });
  await reportFailure(error, process.argv);
  return commonExitCode([...failures, error]);
}

/** Tells why some are left, each reason once: trouble with the folder is that of all. */
async function forgetEach(records: readonly UploadRecord[], { json }: ForgetValues) {
  const failures: PulseError[] = [];
  const left: UploadRecord[] = [];
  for (const record of records) {
    try {
      await forgetUpload(stateDir(), record);
      process.stdout.write(json ? eventLine(record) : `forgot ${words(record)}\n`);
    } catch (thrown) {
      const error = asPulseError(thrown);
      if (!failures.some(({ message }) => message === error.message))
        await reportFailure(thrown, process.argv);
      failures.push(error);
      left.push(record);
    }
  }
  const count = records.length - left.length;
  if (count > 0 && !json) {
    const fact =
      count === 1
        ? 'its upload on the server was not touched: it stays there until the server removes it'
        : 'their uploads on the server were not touched: they stay there until the server removes them';
    process.stderr.write(`${fact}\n`);
  }
  return { failures, left };
}

/** Copies of standard input of which no upload is remembered; of the others the record is forgotten first. */
function copiesBeside(records: readonly UploadRecord[]): Promise<readonly Copy[]> {
  return unsentCopies(
    stateDir(),
    records.map(({ path }) => path),
  );
}

/** They may be the only ones there are: whoever wants them gone names them once their uploads are forgotten. */
function tellStaying(copies: readonly Copy[], { json }: ForgetValues): void {
  if (json) return;
  for (const { path } of copies)
    process.stderr.write(
      `${harmless(path)}, a copy of standard input, stays; forget removes it by its name\n`,
    );
}

async function removeEach(copies: readonly Copy[], { json }: ForgetValues): Promise<void> {
  for (const { path, sizeBytes } of copies) {
    await removeSpooled(path);
    const event: ForgottenInputEvent = { type: 'input.forgotten', file: path, sizeBytes };
    process.stdout.write(
      json
        ? ndjsonLine(event, new Date())
        : `removed ${harmless(path)}: ${formatBytes(sizeBytes)} of standard input\n`,
    );
  }
}

function eventLine({ path, server, url }: UploadRecord): string {
  const event: ForgottenEvent = { type: 'upload.forgotten', file: path, server, url };
  return ndjsonLine(event, new Date());
}

function words(record: UploadRecord): string {
  const { file, server, acceptedBytes, sizeBytes } = keptEvent({ record, outlook: 'resumable' });
  return `${harmless(file)}: ${percentOf(acceptedBytes, sizeBytes)} % of ${formatBytes(sizeBytes)} at ${harmless(server)}`;
}
