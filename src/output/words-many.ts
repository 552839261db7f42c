import type { PulseEvent } from '../events.ts';
import { countOf, formatBytes, groupDigits } from './format.ts';
import { labelled } from './labelled.ts';
import { dryRunSummary, type EventOf, effort, type View, wordsFor } from './words.ts';

type Words = { readonly [T in PulseEvent['type']]?: (event: EventOf<T>, view: View) => readonly string[] };

/** What a person reads of a run of many files, where it is less than of a single one: a line for each file. */
const words: Words = {
  'run.start': (event, { stamp }) => [`${stamp}${opening(event)}`],
  'upload.start': (event, view) => (view.verbose ? wordsFor(event, view) : []),
  'upload.resumed': (event, view) => (view.verbose ? wordsFor(event, view) : []),
  'upload.done': (event, view) => {
    const reason = event.reason === undefined ? '' : ` (${event.reason})`;
    const proof = event.proven ? 'proven' : view.paint.warn(`not proven${reason}`);
    const line = `${view.stamp}${event.file}: ${formatBytes(event.sizeBytes)} in ${effort(event)}, ${proof}`;
    // On a terminal the bar counts the files; one that the server no longer has is named there, too.
    return view.log || view.verbose || event.gone ? [line] : [];
  },
  // The last line counts what was interrupted.
  'upload.failed': (event, view) =>
    event.kind === 'interrupted' && !view.verbose ? [] : wordsFor(event, view),
  'run.stopped': (event, view) =>
    labelled(
      [
        ['stopped', event.message],
        ['next', event.hint],
      ],
      view.paint,
    ),
  'run.end': (event, { paint, unproven }) => [
    paint.strong(event.dryRun ? leftOut(event) : closing(event, unproven)),
  ],
};

export function manyWordsFor(event: PulseEvent, view: View): readonly string[] {
  const write = words[event.type] as ((event: PulseEvent, view: View) => readonly string[]) | undefined;
  return write === undefined ? wordsFor(event, view) : write(event, view);
}

function opening(event: EventOf<'run.start'>): string {
  const counts = [
    `${countOf(event.files, 'file')} to send, ${formatBytes(event.sizeBytes)}`,
    ...(event.files > 1 ? [`${event.jobs} at a time`] : []),
    ...(event.skipped > 0 ? [`${groupDigits(event.skipped)} done before`] : []),
    ...(event.tooYoung > 0
      ? [`${groupDigits(event.tooYoung)} too young (--min-age), left for the next run`]
      : []),
    ...(event.duplicates > 0 ? [`${countOf(event.duplicates, 'duplicate')} left out`] : []),
  ];
  return counts.join('; ');
}

function leftOut(event: EventOf<'run.end'>): string {
  const { skipped = 0, tooYoung = 0 } = event;
  const counts = [
    dryRunSummary(event),
    ...(skipped > 0 ? [`${groupDigits(skipped)} done before`] : []),
    ...(tooYoung > 0 ? [`${groupDigits(tooYoung)} too young`] : []),
  ];
  return counts.join(', ');
}

function closing(event: EventOf<'run.end'>, unproven = 0): string {
  const { done, failed, interrupted = 0, notAttempted, skipped = 0, tooYoung = 0 } = event;
  const broken = failed - interrupted;
  const counts = [
    `${groupDigits(done)} uploaded${unproven > 0 ? ` (${groupDigits(unproven)} not proven)` : ''}`,
    ...(broken > 0 ? [`${groupDigits(broken)} failed`] : []),
    ...(interrupted > 0 ? [`${groupDigits(interrupted)} interrupted`] : []),
    ...(notAttempted > 0 ? [`${groupDigits(notAttempted)} not attempted`] : []),
    ...(skipped > 0 ? [`${groupDigits(skipped)} done before`] : []),
    ...(tooYoung > 0 ? [`${groupDigits(tooYoung)} left for the next run`] : []),
  ];
  return `${countOf(done + failed + notAttempted + skipped + tooYoung, 'file')}: ${counts.join(', ')}`;
}
