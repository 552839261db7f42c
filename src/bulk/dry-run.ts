import { type ErrorKind, exitCodes } from '../errors.ts';
import { protocols } from '../protocol/protocols/index.ts';
import { planUpload } from '../upload/plan.ts';
import type { Tools, UploadSettings } from '../upload/settings.ts';
import { failureEvent, type RunOutcome } from '../upload/upload-files.ts';
import type { Plan } from './plan.ts';

/** So many files are looked at side by side: a disk that is slow to answer is not waited for file after file. */
const BATCH = 32;

/** Tells what a run would do with each file of a plan, and does nothing: no request, no lock, no record. */
export async function dryRun(
  { items, skipped, young }: Plan,
  settings: UploadSettings,
  { report, store, clock }: Pick<Tools, 'report' | 'store' | 'clock'>,
): Promise<RunOutcome> {
  const kinds = new Set<ErrorKind>();
  let failed = 0;
  let sendBytes = 0;
  for (let start = 0; start < items.length; start += BATCH) {
    const batch = items.slice(start, start + BATCH);
    const plans = await Promise.all(
      batch.map(async ({ file, problem }) => ({
        file,
        planned:
          problem === undefined
            ? await planUpload(file, protocols, settings, { store, clock })
            : { failure: problem },
      })),
    );
    for (const { file, planned } of plans) {
      if ('failure' in planned) {
        failed += 1;
        kinds.add(planned.failure.kind);
        report(failureEvent(file, planned.failure));
        continue;
      }
      sendBytes += planned.sizeBytes - planned.fromBytes;
      report({ type: 'upload.planned', ...planned });
    }
  }
  const [kind, ...others] = kinds;
  const exitCode = kind === undefined ? 0 : others.length === 0 ? exitCodes[kind] : exitCodes.verdict;
  const outcome = { exitCode, done: 0, failed, notAttempted: items.length - failed };
  report({ type: 'run.end', ...outcome, skipped, tooYoung: young.length, dryRun: true, sendBytes });
  return outcome;
}
