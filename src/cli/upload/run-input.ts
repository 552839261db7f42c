import { fstatSync } from 'node:fs';
import { basename } from 'node:path';
import process from 'node:process';
import { asPulseError, PulseError } from '../../errors.ts';
import type { PulseEvent } from '../../events.ts';
import type { Output } from '../../output/output.ts';
import { again } from '../../upload/faults.ts';
import type { Tools } from '../../upload/settings.ts';
import { type Input, pipeAgain, wholeAgain } from '../../upload/source/input.ts';
import { INPUT, titleOf } from '../../upload/source/path-text.ts';
import { inputError } from '../../upload/source/source.ts';
import { openSpool, type Spool } from '../../upload/source/spool.ts';
import { failureEvent, type RunOutcome, uploadFiles } from '../../upload/upload-files.ts';
import { uploadInput } from '../../upload/upload-input.ts';
import { stateDir } from '../state-dir.ts';
import type { Asked } from './asked.ts';
import { inRun } from './in-run.ts';
import { resumeCommand } from './run-upload.ts';
import { copyStays, dropCopy } from './sent-copy.ts';

/** `pulse-upload -`: standard input, as it comes, or with --spool from a copy on disk. */
export function runInput(asked: Asked): Promise<number> {
  const { name = nameless(Date.now()) } = asked.settings;
  const named = { ...asked, settings: { ...asked.settings, name } };
  return asked.values.spool ? runSpooled(named) : runStreamed(named);
}

function runStreamed(asked: Asked): Promise<number> {
  const { values, settings } = asked;
  let next = pipeAgain;
  return inRun(asked, {
    upload: (tools, output) => {
      sayTerminal(output);
      return uploadInput(standardInput(), { sizeBytes: values.size }, settings, tools);
    },
    onEvent: (event) => {
      if (event.type === 'upload.failed') next = event.hint ?? pipeAgain;
      return event;
    },
    next: () => next,
  });
}

async function runSpooled(asked: Asked): Promise<number> {
  const { line, values, settings } = asked;
  const { name = INPUT } = settings;
  const spool = await openSpool(stateDir(), name);
  let isWhole = false;
  let isGone = false;
  const goOn = () => resumeCommand(new Map([...line.given, ...nameFor(spool.path, name)]), [spool.path]);
  return inRun(asked, {
    upload: async (tools, output) => {
      sayTerminal(output);
      const failed = await fillSpool(spool, values.size, tools);
      if (failed !== undefined) return failed;
      isWhole = true;
      const outcome = await uploadFiles([spool.path], settings, tools);
      if (isGone) output.warn(copyStays(spool.path));
      else if (outcome.exitCode === 0 && settings.finalize) await dropCopy(spool.path, output);
      return outcome;
    },
    onEvent: (event) => {
      if (event.type === 'upload.done') isGone = event.gone === true;
      return isWhole ? aboutInput(event, spool.path, goOn()) : event;
    },
    next: () => (isWhole ? goOn() : wholeAgain),
  });
}

/** Undefined once the whole input is on disk. */
async function fillSpool(
  spool: Spool,
  sizeBytes: number | undefined,
  { report, signal }: Tools,
): Promise<RunOutcome | undefined> {
  const { path } = spool;
  report({ type: 'input.spooling', file: INPUT, path });
  try {
    const spooledBytes = await spool.fill(standardInput(), { sizeBytes, signal });
    report({ type: 'input.spooled', file: INPUT, path, sizeBytes: spooledBytes });
    if (spooledBytes === 0)
      report({
        type: 'upload.warning',
        file: INPUT,
        message: 'it held no byte: an empty upload is made; did the program before the pipe fail?',
      });
    return undefined;
  } catch (thrown) {
    const error = signal?.aborted
      ? new PulseError('interrupted', 'standard input was interrupted before its end; nothing was sent', {
          hint: wholeAgain,
        })
      : asPulseError(thrown);
    report(failureEvent(INPUT, error));
    const outcome = { exitCode: error.exitCode, done: 0, failed: 1, notAttempted: 0 };
    report({ type: 'run.end', ...outcome });
    return outcome;
  }
}

/** The copy stands for the input; what failed can be gone on with from it. */
function aboutInput(event: PulseEvent, path: string, command: string): PulseEvent {
  if (!('file' in event) || event.file !== path) return event;
  if (event.type !== 'upload.failed') return { ...event, file: INPUT };
  const { hint } = event;
  const goOn = `go on from the copy with: ${command}`;
  const withCopy = hint?.includes(again)
    ? hint.replace(`${again}: it resumes`, again).replace(again, () => goOn)
    : [hint, goOn].filter(Boolean).join('; then ');
  return { ...event, file: INPUT, hint: withCopy };
}

/** The name that the server is to see; where the copy bears it, it need not be said. */
function nameFor(path: string, name: string): readonly (readonly [string, readonly string[]])[] {
  return basename(path) === name ? [] : [['name', [name]]];
}

/** A name that no two recordings share, to the second: `stdin-20260131T120000Z`. */
function nameless(nowMs: number): string {
  return `stdin-${new Date(nowMs).toISOString().replace(/\.\d+|[-:]/g, '')}`;
}

function isFolder(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isDirectory();
  } catch {
    return false; // whoever reads it learns what is the matter
  }
}

function standardInput(): Input {
  // Of a folder Node makes an input that holds nothing.
  if (isFolder(0)) throw inputError(titleOf(INPUT), Object.assign(new Error(), { code: 'EISDIR' }));
  return { pieces: process.stdin, close: () => process.stdin.destroy() };
}

/** Whoever forgot the pipe would wait in silence. */
function sayTerminal(output: Output): void {
  if (process.stdin.isTTY !== true) return;
  const key = process.platform === 'win32' ? 'Ctrl-Z and Enter end' : 'Ctrl-D ends';
  output.warn(`reading what is typed here, since no pipe leads to standard input; ${key} it`);
}
