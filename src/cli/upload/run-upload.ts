import { homedir } from 'node:os';
import process from 'node:process';
import { stateDirOf } from '../../input/state-dir.ts';
import type { Output } from '../../output/output.ts';
import type { TransportSettings } from '../../transport/settings.ts';
import { planFiles } from '../../upload/plan.ts';
import type { UploadSettings } from '../../upload/settings.ts';
import { isSpooled, removeSpooled } from '../../upload/source/spool.ts';
import { openStateStore } from '../../upload/state/state-store.ts';
import { systemClock } from '../../upload/system-clock.ts';
import { uploadFiles } from '../../upload/upload-files.ts';
import { type CommandLine, commandText } from '../command-line.ts';
import { type BulkValues, bulkOptions } from '../options/bulk.ts';
import { type UploadValues, uploadOptions } from '../options/upload.ts';
import { shellQuote } from '../shell-quote.ts';
import { inRun, outputOf } from './in-run.ts';

/** Everything an upload needs is put together here; loaded only once there is something to upload. */
export async function runUpload(
  line: CommandLine,
  values: UploadValues & BulkValues,
  settings: UploadSettings,
  network: TransportSettings,
): Promise<number> {
  const stateDir = stateDirOf(process.env, process.platform, homedir());
  if (values.dryRun) {
    const output = await outputOf(values);
    const store = openStateStore(stateDir);
    const { exitCode } = await planFiles(line.operands, settings, {
      report: output.report,
      store,
      clock: systemClock,
    });
    output.close();
    return exitCode;
  }
  const left = new Set(line.operands);
  const gone = new Set<string>();
  return inRun(
    { line, values, settings, network },
    {
      upload: async (tools, output) => {
        const outcome = await uploadFiles(line.operands, settings, tools);
        for (const file of line.operands) {
          if (!(await isSpooled(stateDir, file))) continue;
          if (gone.has(file)) output.warn(copyStays(file));
          else if (!left.has(file) && settings.finalize) await dropCopy(file, output);
        }
        return outcome;
      },
      onEvent: (event) => {
        if (event.type === 'upload.done') left.delete(event.file);
        if (event.type === 'upload.done' && event.gone) gone.add(event.file);
        return event;
      },
      next: () => resumeCommand(line.given, [...left]),
    },
  );
}

/** Removes a copy whose upload is done; that it cannot be makes no failure of the upload. */
export async function dropCopy(path: string, { warn }: Output): Promise<void> {
  try {
    await removeSpooled(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    warn(`the copy ${path} could not be removed: ${code}; it is not needed any more`);
  }
}

/** What may be the last copy is not thrown away for a server that was asked and did not find its own. */
export function copyStays(path: string): string {
  return `the server was not seen to have the upload in the end, so the copy stays in ${path}: remove it once the file is known to be there`;
}

/** The user's own command for the files that are left; starting over is what it must not do. */
export function resumeCommand(given: CommandLine['given'], files: readonly string[]): string {
  const kept = new Map([...given].filter(([key]) => !['noResume', 'spool', 'size'].includes(key)));
  return commandText({ ...uploadOptions, ...bulkOptions }, kept, files, (word) =>
    shellQuote(word, process.platform),
  );
}
