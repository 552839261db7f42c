import type { PulseEvent, Report } from '../events.ts';
import { fsPath } from '../system/path-bytes.ts';
import { barProgress } from './bar-progress.ts';
import { createFailureTable } from './failure-table.ts';
import { labelled } from './labelled.ts';
import type { LineTemplate } from './line-template.ts';
import { manyBars, manyLines } from './many-progress.ts';
import { ndjsonLine } from './ndjson.ts';
import { createPaint, type Environment, wantsColor } from './paint.ts';
import { noProgress, plainProgress, timeStamp } from './plain-progress.ts';
import type { Progress } from './progress.ts';
import { harmless, harmlessRecord } from './text.ts';
import { columnsOf, type TextStream } from './text-stream.ts';
import { planLine, type View, wordsFor } from './words.ts';
import { manyWordsFor } from './words-many.ts';

export type ProgressStyle = 'bar' | 'plain' | 'none';

export interface OutputChoice {
  /** NDJSON events on stdout, and nothing else there. */
  readonly json: boolean;
  /** Errors only. */
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly noColor: boolean;
  readonly progress: 'auto' | ProgressStyle;
  /** One line a file, and a table of failures at the end. */
  readonly many?: boolean;
  /** What stands on stdout for a finished file; its URL where absent. */
  readonly template?: LineTemplate;
}

/** Where output goes, and what it may ask of the world. */
export interface Surroundings {
  readonly out: TextStream;
  readonly err: TextStream;
  readonly environment: Environment;
  readonly now: () => Date;
}

/** What the user sees of a run. */
export interface Output {
  readonly report: Report;
  /** What concerns the whole run and must be seen, also with --quiet; under --json an event that names no file. */
  readonly warn: (message: string) => void;
  /** How to go on after an interruption: the last thing on the screen. */
  readonly printNext: (command: string) => void;
  readonly close: () => void;
}

export async function createOutput(choice: OutputChoice, surroundings: Surroundings): Promise<Output> {
  const { out, err, environment, now } = surroundings;
  const paint = await createPaint(wantsColor(err, environment, choice.noColor));
  const style = progressStyle(choice, err, environment);
  const look = { paint, unicode: hasBoxDrawing(environment) };
  const progress = await progressTo(err, style, look, now, choice.many === true);
  const failures = choice.many === true ? createFailureTable() : undefined;
  let unproven = 0;
  const view = (): View => ({
    paint,
    unproven,
    verbose: choice.verbose,
    log: style === 'plain',
    ...(err.isTTY && { columns: columnsOf(err) }),
    stamp: style === 'plain' || !err.isTTY || choice.verbose ? timeStamp(now()) : '',
  });
  const hints = choice.many === true ? hintsOnce() : same;
  const say = choice.many === true ? manyWordsFor : wordsFor;
  const speaks = choice.quiet ? isFailure : choice.json && !choice.verbose ? isNoticeable : () => true;
  const writeData = choice.json ? writeJson(choice, out, now) : writeLines(choice, out, err);

  const report = (event: PulseEvent) => {
    if (event.type === 'upload.done' && !event.proven) unproven += 1;
    writeData(event);
    const shown = hints(harmlessRecord(titled(event)));
    failures?.follow(shown);
    const isEnd = shown.type === 'run.end';
    if (isEnd) progress.follow(shown);
    if (isEnd && speaks(event))
      progress.print(failures?.lines(view().columns ?? Number.POSITIVE_INFINITY, paint) ?? []);
    if (speaks(event)) progress.print(say(shown, view()));
    if (!isEnd) progress.follow(shown);
  };
  const warn = (message: string) => {
    writeData({ type: 'upload.warning', file: '', message });
    progress.print(labelled([['warning', harmless(message)]], paint));
  };
  const printNext = (command: string) => {
    // Stands below `stopped:`, which the event of the interruption printed.
    progress.print(
      labelled(
        [
          ['stopped', undefined],
          ['next', harmless(command)],
        ],
        paint,
      ),
    );
  };
  return { report, warn, printNext, close: progress.close };
}

/** Of many files that fail alike, the first one says what to do about it. */
function hintsOnce(): (event: PulseEvent) => PulseEvent {
  const said = new Set<string>();
  return (event) => {
    if (event.type !== 'upload.failed' || event.hint === undefined) return event;
    const { hint, ...rest } = event;
    return said.size < said.add(hint).size ? event : rest;
  };
}

const same = (event: PulseEvent) => event;

/** A lone dash tells nobody what it stands for. */
function titled(event: PulseEvent): PulseEvent {
  return 'file' in event && event.file === '-' ? { ...event, file: 'standard input' } : event;
}

/** What a person must see even where a program reads the events. */
const isFailure = ({ type }: PulseEvent) => type === 'upload.failed' || type === 'run.stopped';
const isNoticeable = (event: PulseEvent) => isFailure(event) || event.type === 'upload.warning';

function writeJson(choice: OutputChoice, out: TextStream, now: () => Date): Report {
  return (event) => {
    if (event.type !== 'http.exchange' || choice.verbose) out.write(ndjsonLine(event, now()));
  };
}

/** One line per finished file; its URL, unless the same terminal shows that among the words. */
function writeLines(choice: OutputChoice, out: TextStream, err: TextStream): Report {
  const { template } = choice;
  const shownAnyway = out.isTTY === true && err.isTTY === true && !choice.quiet;
  return (event) => {
    if (event.type === 'upload.done') {
      // A program gets names byte for byte; on a terminal they are made harmless.
      if (template !== undefined) out.write(fsPath(`${template(event, out.isTTY === true)}\n`));
      else if (!shownAnyway) out.write(`${event.url}\n`);
    }
    if (event.type === 'upload.planned') out.write(`${planLine(harmlessRecord(event))}\n`);
  };
}

function progressStyle(choice: OutputChoice, err: TextStream, environment: Environment): ProgressStyle {
  if (choice.quiet) return 'none';
  if (choice.progress !== 'auto') return choice.progress;
  if (choice.json) return 'none';
  return err.isTTY === true && environment.TERM !== 'dumb' ? 'bar' : 'plain';
}

async function progressTo(
  stream: TextStream,
  style: ProgressStyle,
  look: Parameters<typeof barProgress>[1],
  now: () => Date,
  many: boolean,
): Promise<Progress> {
  if (style === 'bar') return many ? manyBars(stream, look, now) : barProgress(stream, look, now);
  if (style === 'plain' && many) return manyLines(stream, now);
  return style === 'plain' ? plainProgress(stream, now) : noProgress(stream);
}

/** Whether `━` arrives as one character: the locale says it (POSIX), or a terminal that is known to (Windows). */
export function hasBoxDrawing(environment: Environment): boolean {
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG;
  if (locale !== undefined && locale !== '') return /utf-?8/i.test(locale);
  return environment.WT_SESSION !== undefined || environment.TERM_PROGRAM !== undefined;
}
