import process from 'node:process';
import { asPulseError } from '../errors.ts';
import { labelled } from '../output/labelled.ts';
import { createPaint, wantsColor } from '../output/paint.ts';
import { harmless } from '../output/text.ts';
import { asks } from './asks.ts';

/** Says on stderr what ended a command before or outside of its work, and returns the exit code for it. */
export async function reportFailure(thrown: unknown, argv: readonly string[]): Promise<number> {
  const error = asPulseError(thrown);
  const paint = await createPaint(wantsColor(process.stderr, process.env, asks(argv, '--no-color')));
  const lines = labelled(
    [
      ['error', harmless(error.message)],
      ['next', error.hint && harmless(error.hint)],
    ],
    paint,
  );
  const stack = error.kind === 'bug' && asks(argv, '--verbose', '-v') ? stackOf(thrown) : [];
  process.stderr.write([...stack, ...lines].map((line) => `${line}\n`).join(''));
  return error.exitCode;
}

function stackOf(thrown: unknown): readonly string[] {
  return thrown instanceof Error ? (thrown.stack ?? '').split('\n').map(harmless) : [];
}
