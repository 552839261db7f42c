import process from 'node:process';
import { planFiles } from '../../upload/plan.ts';
import { openStateStore } from '../../upload/state/state-store.ts';
import { systemClock } from '../../upload/system-clock.ts';
import { uploadFiles } from '../../upload/upload-files.ts';
import { type CommandLine, commandText } from '../command-line.ts';
import { uploadOptions } from '../options/upload.ts';
import { shellQuote } from '../shell-quote.ts';
import { stateDir } from '../state-dir.ts';
import type { Asked } from './asked.ts';
import { inRun, outputOf } from './in-run.ts';
import { tidyCopy } from './sent-copy.ts';

/** Everything an upload needs is put together here; loaded only once there is something to upload. */
export async function runUpload(asked: Asked): Promise<number> {
  const { line, values, settings } = asked;
  if (values.dryRun) {
    const output = await outputOf(values);
    const store = openStateStore(stateDir());
    const tools = { report: output.report, store, clock: systemClock };
    const { exitCode } = await planFiles(
      line.operands.map((file) => ({ file })),
      settings,
      tools,
    );
    output.close();
    return exitCode;
  }
  const left = new Set(line.operands);
  const gone = new Set<string>();
  return inRun(asked, {
    upload: async (tools, output) => {
      const outcome = await uploadFiles(line.operands, settings, tools);
      for (const file of line.operands)
        if (!left.has(file)) await tidyCopy(file, gone.has(file), settings, output);
      return outcome;
    },
    onEvent: (event) => {
      if (event.type === 'upload.done') left.delete(event.file);
      if (event.type === 'upload.done' && event.gone) gone.add(event.file);
      return event;
    },
    next: () => resumeCommand(line.given, [...left]),
  });
}

/** The user's own command for the files that are left; starting over is what it must not do. */
export function resumeCommand(given: CommandLine['given'], files: readonly string[]): string {
  const kept = new Map([...given].filter(([key]) => !['noResume', 'spool', 'size'].includes(key)));
  return commandText(uploadOptions, kept, files, (word) => shellQuote(word, process.platform));
}
