import { writeSync } from 'node:fs';
import process from 'node:process';

/** 128 + SIGPIPE: what a shell reports of a program whose reader has gone. */
const BROKEN_PIPE = 141;
/** `input` of the exit codes, whose table `--version` does not load. */
const UNWRITABLE = 3;

let endInOrder: ((exitCode: number) => void) | undefined;
let isEnding = false;

/** Whoever leaves something behind elsewhere ends in order, also where nobody reads what it says of that. */
export function inOrderWithoutOutput(end: (exitCode: number) => void): void {
  endInOrder = end;
}

/**
 * Whoever read our output has gone (`| head -1`), or its terminal was closed: there is nobody left to tell. Where it
 * goes to a file that takes no more, stderr may still be read.
 */
export function endWithoutOutput(error: NodeJS.ErrnoException): void {
  // Every further line is lost as well.
  if (isEnding) return;
  isEnding = true;
  const isUnread = error.code === 'EPIPE' || error.code === 'EIO';
  if (!isUnread) sayUnwritable(error);
  (endInOrder ?? process.exit)(isUnread ? BROKEN_PIPE : UNWRITABLE);
}

function sayUnwritable({ code }: NodeJS.ErrnoException): void {
  try {
    writeSync(
      process.stderr.fd,
      `error: the output cannot be written: ${code}\n next: make room where it goes, then run the same command again\n`,
    );
  } catch {
    // It goes to the same place.
  }
}
