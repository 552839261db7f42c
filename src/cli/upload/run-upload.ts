import { homedir } from 'node:os';
import process from 'node:process';
import { stateDirOf } from '../../input/state-dir.ts';
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
  const exitCode = await inRun(
    { line, values, settings, network },
    {
      upload: async (tools, output) => {
        const outcome = await uploadFiles(line.operands, settings, tools);
        for (const file of gone) if (isSpooled(stateDir, file)) output.warn(copyStays(file));
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
  const done = line.operands.filter((file) => !left.has(file) && !gone.has(file));
  if (settings.finalize) for (const file of done) if (isSpooled(stateDir, file)) await removeSpooled(file);
  return exitCode;
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
