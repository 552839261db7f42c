import { isSuccess } from '../answers.ts';
import { type Check, check, type Levels } from '../check.ts';
import { expectStatus, remarks } from '../expect.ts';
import { may, must, safety } from '../levels.ts';
import { lenientOffsets, strangeOffsets } from '../scenarios/core-patch-offsets.ts';
import type { Trial } from '../scenarios/trial.ts';
import { derived, tus } from '../sources.ts';
import { expectRefusedWithoutEffect, expectUnmoved, standsAt } from './no-effect.ts';

const uploadOffset = tus('Upload-Offset', 'upload-offset');

/** A chunk whose Upload-Offset must be refused, in one or several spellings. */
type Refusal = Pick<Check, 'id' | 'says' | 'matters'> & {
  readonly level?: Levels;
  readonly spec?: Check['spec'];
  readonly spellings: readonly (keyof Awaited<ReturnType<typeof strangeOffsets.run>>)[];
};

const refusals: readonly Refusal[] = [
  {
    id: 'core.patch.missing-offset',
    spec: tus('PATCH', 'patch'),
    says: 'A chunk without Upload-Offset is refused.',
    matters: 'a request that does not know its place in the file is stored somewhere',
    spellings: ['missing'],
  },
  {
    id: 'core.patch.offset-syntax.negative',
    says: 'A negative offset is refused.',
    matters: 'bytes in front of the file: whatever happens, it is not what the client meant',
    spellings: ['negative'],
  },
  {
    id: 'core.patch.offset-syntax.nan',
    says: 'An offset that is no number is refused.',
    matters: 'it is read as 0, and a broken client overwrites or doubles the start of the file',
    spellings: ['word', 'notANumber'],
  },
  {
    id: 'core.patch.offset-syntax.float',
    says: 'A fraction is refused, not cut down to an integer.',
    matters: 'the server reads another number than the client wrote',
    spellings: ['fraction'],
  },
  {
    id: 'core.patch.offset-syntax.trailing-garbage',
    says: 'Digits with something behind them are refused.',
    matters: 'the server reads a number out of a damaged header (parseInt does)',
    spellings: ['trailing'],
  },
  {
    id: 'core.patch.offset-syntax.hex',
    says: 'Hexadecimal notation is refused.',
    matters: 'the server reads another number than other servers and proxies do',
    spellings: ['hex'],
  },
  {
    id: 'core.patch.offset-syntax.exponent',
    says: 'Exponent notation is refused.',
    matters: 'the server reads another number than other servers and proxies do',
    spellings: ['exponent'],
  },
  {
    id: 'core.patch.offset-syntax.empty',
    says: 'An empty offset is refused.',
    matters: 'it is read as 0, and a broken client overwrites or doubles the start of the file',
    spellings: ['empty'],
  },
  {
    id: 'core.patch.offset-syntax.precision',
    level: safety,
    spec: derived('numbers above 2^53 are not exact in JavaScript'),
    says: 'An offset above 2^53 is compared exactly, or refused.',
    matters: 'it is rounded to another one, and the chunk ends at the wrong place',
    spellings: ['beyond53Bits'],
  },
  {
    id: 'core.patch.offset-syntax.int64',
    level: safety,
    spec: derived('numbers of 64 bits overflow'),
    says: 'An offset above 2^63 or 2^64 does not wrap around.',
    matters: 'it becomes 0 or a negative number, and the chunk ends at the wrong place',
    spellings: ['beyond63Bits', 'beyond64Bits'],
  },
  {
    id: 'core.patch.offset-syntax.list',
    says: 'Two Upload-Offset lines, or a list in one, are refused.',
    matters: 'two servers on the way pick different ones',
    spellings: ['twoLines', 'list'],
  },
];

export const offsetSyntax: readonly Check[] = [
  ...refusals.map(({ spellings, level = must, spec = uploadOffset, ...words }) =>
    check({
      ...words,
      level,
      spec,
      impact: 'data',
      passes: 'any 4xx, and the offset stays where it was',
      fails: 'a success, a 5xx, no answer, or an offset that moved',
      reads: strangeOffsets,
      judge(trials) {
        for (const spelling of spellings) expectRefusedWithoutEffect(trials[spelling]);
        return undefined;
      },
    }),
  ),
  check({
    id: 'core.patch.offset-syntax.plus-or-zeros',
    level: may,
    impact: 'advice',
    spec: uploadOffset,
    says: 'The right offset with a plus sign or leading zeros may be taken or refused.',
    passes: 'a success that moves the offset rightly, which is noted; or a 4xx that does not move it',
    fails: 'a 5xx, no answer, or a wrong offset',
    matters: 'a server that reads another number than the client wrote stores bytes at the wrong place',
    reads: lenientOffsets,
    judge: ({ plus, zeros }) =>
      remarks(takenRightlyOrRefused('+0', plus), takenRightlyOrRefused('00', zeros)),
  }),
];

const CHUNK_BYTES = 5;

function takenRightlyOrRefused(spelling: string, trial: Trial): string | undefined {
  const { exchange, beforeBytes, after } = trial;
  expectStatus(exchange, ['2xx', '4xx']);
  if (!isSuccess(exchange)) return expectUnmoved(trial);
  const stands = standsAt(after);
  if (stands < beforeBytes || stands > beforeBytes + CHUNK_BYTES) return expectUnmoved(trial);
  return `Upload-Offset: ${spelling} is taken`;
}
