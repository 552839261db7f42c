import type { Proof, PulseEvent } from '../events.ts';
import {
  countOf,
  formatBytes,
  formatDuration,
  formatExactBytes,
  formatRate,
  groupDigits,
  percentOf,
} from './format.ts';
import { labelled } from './labelled.ts';
import type { Paint } from './paint.ts';
import { shortenMiddle } from './text.ts';

export type EventOf<T extends PulseEvent['type']> = Extract<PulseEvent, { type: T }>;

export interface View {
  readonly paint: Paint;
  readonly verbose: boolean;
  /** True where nothing else shows that a file has begun. */
  readonly log: boolean;
  /** Stands before what happens on the way: the time in a log, nothing on a terminal. */
  readonly stamp: string;
  /** Width of the terminal; absent where lines may have any length. */
  readonly columns?: number | undefined;
  /** Of the files that were uploaded so far, those that nothing proved. */
  readonly unproven?: number;
}

type Words = { readonly [T in PulseEvent['type']]?: (event: EventOf<T>, view: View) => readonly string[] };

const LONGEST_METHOD = 'OPTIONS'.length;

/** Columns that a shortened name keeps, however narrow the terminal. */
const SHORTEST_NAME = 12;

/** What a person reads of each event; progress is drawn elsewhere. Texts in events are harmless by now. */
const words: Words = {
  'upload.start': (event, view) => {
    const conclusion = event.concluded === undefined ? '' : `: ${event.concluded}`;
    const protocol = view.verbose ? ` (protocol ${event.protocol}${conclusion})` : '';
    const size = event.sizeBytes === undefined ? '' : ` ${formatBytes(event.sizeBytes)}`;
    // Nothing is sent yet, and the server may refuse it before that.
    const line = `${view.stamp}${event.file}:${size} to send to ${event.server}${protocol}`;
    return view.verbose || view.log ? [line] : [];
  },
  'upload.created': (event, view) =>
    view.verbose ? [`${view.stamp}${event.file}: created ${event.url}`] : [],
  'upload.resumed': (event, view) => {
    const where = view.verbose ? `: ${event.url}` : '';
    return [`${view.stamp}${event.file}: resuming at ${formatBytes(event.offsetBytes)}${where}`];
  },
  'upload.retry': (event, view) =>
    view.verbose
      ? [
          `${view.stamp}${event.file}: retry ${event.attempt} in ${formatDuration(event.delayMs)}: ${event.reason}`,
        ]
      : [],
  'outage.start': (event, { stamp }) => [
    `${stamp}${event.server} cannot be reached (${event.reason}); waiting for it, up to ${formatDuration(event.maxOutageMs)}`,
  ],
  'outage.end': (event, { stamp }) => [
    `${stamp}${event.server} answers again after ${formatDuration(event.elapsedMs)}; going on`,
  ],
  'upload.pruned': (event, view) =>
    view.verbose
      ? [
          `${view.stamp}${event.file}: its unfinished upload to ${event.server} is forgotten, too old to resume`,
        ]
      : [],
  'input.spooling': ({ path }, { stamp }) => [`${stamp}standard input: kept in ${path} until it ends`],
  'input.spooled': ({ sizeBytes }, { stamp }) => [
    `${stamp}standard input: ended, ${formatBytes(sizeBytes)} are kept`,
  ],
  'upload.warning': (event, view) => labelled([['warning', aboutFile(event)]], view.paint),
  'upload.done': done,
  'upload.failed': failed,
  'http.exchange': (event, view) => (view.verbose ? [exchange(event, view)] : []),
  'run.end': (event, view) => {
    if (event.dryRun) return [view.paint.strong(dryRunSummary(event))];
    const files = event.done + event.failed + event.notAttempted;
    return files > 1 ? [view.paint.strong(summary(event, files))] : [];
  },
};

export function wordsFor(event: PulseEvent, view: View): readonly string[] {
  const write = words[event.type] as ((event: PulseEvent, view: View) => readonly string[]) | undefined;
  return write?.(event, view) ?? [];
}

/** The two lines about a failed file. How to go on after an interruption is said once, for all files, at the end. */
function failed(event: EventOf<'upload.failed'>, view: View): readonly string[] {
  if (event.kind === 'interrupted') return labelled([['stopped', aboutFile(event)]], view.paint);
  return labelled(
    [
      ['error', aboutFile(event)],
      ['next', event.hint],
    ],
    view.paint,
  );
}

function done(
  event: EventOf<'upload.done'>,
  { paint, columns = Number.POSITIVE_INFINITY }: View,
): readonly string[] {
  const proof = proofWords(event, paint);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['url', event.url],
    ['video', event.videoId],
    [
      'size',
      `${formatExactBytes(event.sizeBytes)}${event.sizeBytes < 1024 ? '' : ` (${formatBytes(event.sizeBytes)})`}`,
    ],
    ['sha256', event.sha256],
    ['proven', proof],
  ];
  const heading = ` uploaded in ${effort(event)}`;
  const name = shortenMiddle(event.file, Math.max(SHORTEST_NAME, columns - heading.length - 1));
  return [
    `${paint.strong(name)}${heading}`,
    ...facts.flatMap(([label, text]) =>
      text === undefined ? [] : [`  ${paint.faint(label.padEnd(6))}  ${text}`],
    ),
  ];
}

/** No more than was seen: a server that compares checksums has shown what it received, and not what it keeps. */
const provingWords: { readonly [K in Proof]?: string } = {
  'read-back': 'the server holds exactly these bytes: they were read back',
  checksum: 'the server received exactly these bytes: it compared the checksum of every chunk',
};

function proofWords({ proven, proof, reason }: EventOf<'upload.done'>, paint: Paint): string {
  if (proven)
    return paint.good(`yes, ${provingWords[proof ?? 'finalize'] ?? 'the server holds exactly these bytes'}`);
  return paint.warn(
    proof === 'declared'
      ? 'no, the server accepted the checksum but never showed that it compared it; --read-back compares the content'
      : `no: complete, content not verified by the server (${reason ?? 'it gave no checksum to compare with'})`,
  );
}

export function effort(event: EventOf<'upload.done'>): string {
  const newBytes = event.sizeBytes - event.resumedFromBytes;
  return [
    formatDuration(event.elapsedMs),
    // Below a tenth of a second a rate says more about the clock than about the line.
    ...(newBytes > 0 && event.elapsedMs >= 100 ? [formatRate((newBytes * 1000) / event.elapsedMs)] : []),
    ...(event.resumedFromBytes > 0 ? [`${formatBytes(event.resumedFromBytes)} were there already`] : []),
    ...(event.retries > 0 ? [countOf(event.retries, 'retry', 'retries')] : []),
  ].join(', ');
}

/** One line a request, its parts below one another: `PATCH    204     12 ms  1,048,576 B  http://…  upload-offset: …`. */
function exchange(event: EventOf<'http.exchange'>, { stamp, paint }: View): string {
  const status = event.status === undefined ? '---' : String(event.status);
  const took = `${groupDigits(Math.round(event.elapsedMs))} ms`.padStart(10);
  const sent = (event.sentBytes > 0 ? `${groupDigits(event.sentBytes)} B` : '').padStart(12);
  const rest = event.outcome.startsWith(status) ? event.outcome.slice(status.length + 2) : event.outcome;
  const line = `${event.method.padEnd(LONGEST_METHOD)} ${status} ${took} ${sent}  ${event.url}  ${rest}`;
  return paint.faint(`${stamp}${line.trimEnd()}`);
}

function summary(event: EventOf<'run.end'>, files: number): string {
  const parts = [
    `${groupDigits(event.done)} uploaded`,
    ...(event.failed > 0 ? [`${groupDigits(event.failed)} failed`] : []),
    ...(event.notAttempted > 0 ? [`${groupDigits(event.notAttempted)} not attempted`] : []),
  ];
  return `${countOf(files, 'file')}: ${parts.join(', ')}`;
}

export function dryRunSummary({ notAttempted, failed, sendBytes = 0 }: EventOf<'run.end'>): string {
  const wouldFail = failed > 0 ? `, ${groupDigits(failed)} would fail` : '';
  const files = countOf(notAttempted, 'file');
  return `dry run, nothing was sent or changed: ${files}, ${formatBytes(sendBytes)} to send${wouldFail}`;
}

/** What would be sent, in columns: `resume    1.2 GiB  video.mp4 (1.8 GiB of 3.0 GiB are there)`. */
export function planLine(event: EventOf<'upload.planned'>): string {
  const { intention, file, sizeBytes, fromBytes, reason } = event;
  const there =
    fromBytes > 0 ? `${formatBytes(fromBytes)} of ${formatBytes(sizeBytes)} are there` : undefined;
  const why = reason ?? there;
  const amount = formatBytes(sizeBytes - fromBytes).padStart(10);
  return `${intention.padEnd('finalize'.length)} ${amount}  ${file}${why === undefined ? '' : ` (${why})`}`;
}

/** Names the file unless the message does: with several files nobody should have to guess. */
function aboutFile(event: { readonly file: string; readonly message: string }): string {
  return event.file === '' || event.message.includes(event.file)
    ? event.message
    : `${event.file}: ${event.message}`;
}

/** `25 %, 1.0 MiB of 4.0 MiB, 1.2 MiB/s, 3.0 s left`; of a size that is not known `1.0 MiB, 1.2 MiB/s`. */
export function progressWords(
  event: Pick<EventOf<'upload.progress'>, 'acceptedBytes' | 'sizeBytes' | 'bytesPerSecond'>,
): string {
  const { acceptedBytes, sizeBytes } = event;
  const rate = event.bytesPerSecond > 0 ? [formatRate(event.bytesPerSecond)] : [];
  if (sizeBytes === undefined) return [formatBytes(acceptedBytes), ...rate].join(', ');
  const leftBytes = sizeBytes - acceptedBytes;
  return [
    `${percentOf(acceptedBytes, sizeBytes)} %`,
    `${formatBytes(acceptedBytes)} of ${formatBytes(sizeBytes)}`,
    ...rate,
    ...(event.bytesPerSecond > 0 && leftBytes > 0
      ? [`${formatDuration((leftBytes * 1000) / event.bytesPerSecond)} left`]
      : []),
  ].join(', ');
}
