import process from 'node:process';
import { PulseError } from '../../errors.ts';
import { formatBytes } from '../../output/format.ts';
import { type KeptEvent, type KeptInputEvent, keptLines } from '../../output/kept-uploads.ts';
import { labelled } from '../../output/labelled.ts';
import { ndjsonLine } from '../../output/ndjson.ts';
import { createPaint, wantsColor } from '../../output/paint.ts';
import { harmless } from '../../output/text.ts';
import { columnsOf } from '../../output/text-stream.ts';
import { type Copy, unsentCopies } from '../../upload/source/spool.ts';
import { keptUploads, type Outlook } from '../../upload/state/kept-uploads.ts';
import { splitCommandLine } from '../command-line.ts';
import type { Invocation } from '../commands.ts';
import { readConfig } from '../config/read-config.ts';
import { helpOf, wroteHelp } from '../help.ts';
import { keptEvent } from '../kept-events.ts';
import { listOptions } from '../options/list.ts';
import { type Values, valuesOf } from '../options/option-table.ts';
import { shellQuote } from '../shell-quote.ts';
import { stateDir } from '../state-dir.ts';

/** `pulse-upload list`: the uploads that were begun on this machine and are not finished. Asks no server. */
export async function run({ argv }: Invocation): Promise<number> {
  const { operands, given } = splitCommandLine(listOptions, argv);
  if (wroteHelp(given, helpText)) return 0;
  if (operands.length > 0) {
    throw new PulseError('usage', `list got '${operands[0]}', expected options only`, {
      hint: `to upload a file of the name list, write: pulse-upload upload list ${operands[0]}`,
    });
  }
  await list(valuesOf(listOptions, given, process.env, readConfig('list', listOptions)));
  return 0;
}

function helpText(): string {
  return helpOf('list', listOptions, 'Example: pulse-upload list');
}

async function list(values: Values<typeof listOptions>): Promise<void> {
  const now = new Date();
  const events = (await keptUploads(stateDir(), now.getTime())).map(keptEvent);
  const copies = await unsentCopies(
    stateDir(),
    events.map(({ file }) => file),
  );
  if (values.json) {
    const kept = copies.map(
      ({ path, sizeBytes }): KeptInputEvent => ({ type: 'input.kept', file: path, sizeBytes }),
    );
    process.stdout.write([...events, ...kept].map((event) => ndjsonLine(event, now)).join(''));
    return;
  }
  if (events.length === 0 && copies.length === 0) {
    process.stderr.write(
      'nothing is unfinished: every upload that was begun here is done, or was forgotten\n',
    );
    return;
  }
  const paint = await createPaint(wantsColor(process.stdout, process.env, values.noColor));
  const maxColumns = process.stdout.isTTY ? columnsOf(process.stdout) - 1 : undefined;
  if (events.length > 0) process.stdout.write(asText(keptLines(events, now.getTime(), paint, maxColumns)));
  const onErr = await createPaint(wantsColor(process.stderr, process.env, values.noColor));
  const unsent = copies.map(
    ({ path, sizeBytes }) =>
      `${harmless(path)}: ${formatBytes(sizeBytes)} of standard input are kept, no unfinished upload of them is known`,
  );
  const next = labelled([['next', nextStep(events, copies)]], onErr);
  process.stderr.write(asText([...unsent, ...next]));
}

const goesOn: ReadonlySet<string> = new Set<Outlook>(['resumable', 'complete', 'finalizing']);

/**
 * The command for the latest upload that can be gone on with; where there is none, for one that can be proven, or what
 * else is left to do. Undefined where all are in use: then there is nothing but to wait.
 */
function nextStep(events: readonly KeptEvent[], [copy]: readonly Copy[]): string | undefined {
  const asked = events.find(({ outlook }) => outlook === 'failed-at-end');
  const next = events.find(({ outlook }) => goesOn.has(outlook)) ?? asked;
  if (next === undefined && copy !== undefined)
    return harmless(`pulse-upload ${shellQuote(copy.path, process.platform)} --server <url>`);
  if (next === undefined)
    return events.every(({ outlook }) => outlook === 'in-use') ? undefined : 'pulse-upload forget <file>';
  const words = [
    'pulse-upload',
    next.file,
    '--server',
    next.server,
    ...(next.ledger === undefined ? [] : ['--ledger', next.ledger]),
    ...(next === asked ? ['--read-back'] : []),
  ];
  return harmless(words.map((word) => shellQuote(word, process.platform)).join(' '));
}

function asText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
