import type { Probe } from '../probe/probe.ts';
import { type Scenario, scenario } from '../scenario.ts';
import { bringTo, type Trial, trialOf } from './trial.ts';

/** Upload-Offset in spellings that are wrong, or doubtful. */

interface Spelling {
  /** Where the upload stands; a careless parser reads this number out of the value. */
  readonly at: 0 | 2;
  /** Several values are several lines; undefined leaves the header out. */
  readonly value: string | readonly string[] | undefined;
}

export const strangeOffsets = spelled(
  'strange-offsets',
  'sends chunks whose Upload-Offset is missing, empty, no number, or too large for one',
  {
    missing: { at: 0, value: undefined },
    empty: { at: 0, value: '' },
    negative: { at: 0, value: '-1' },
    word: { at: 0, value: 'abc' },
    notANumber: { at: 0, value: 'NaN' },
    hex: { at: 0, value: '0x0' },
    exponent: { at: 0, value: '0e0' },
    beyond53Bits: { at: 0, value: '9007199254740993' },
    beyond63Bits: { at: 0, value: '9223372036854775808' },
    beyond64Bits: { at: 0, value: '18446744073709551616' },
    twoLines: { at: 0, value: ['0', '5'] },
    list: { at: 0, value: '0, 0' },
    fraction: { at: 2, value: '2.5' },
    trailing: { at: 2, value: '2abc' },
  },
);

export const lenientOffsets = spelled(
  'lenient-offsets',
  'sends chunks whose right Upload-Offset has a plus sign or leading zeros',
  { plus: { at: 0, value: '+0' }, zeros: { at: 0, value: '00' } },
);

function spelled<Name extends string>(
  id: string,
  does: string,
  spellings: Readonly<Record<Name, Spelling>>,
): Scenario<Readonly<Record<Name, Trial>>> {
  return scenario({
    id,
    does,
    run: async (probe) => {
      const trials: Partial<Record<Name, Trial>> = {};
      let place: Place | undefined;
      for (const [name, { at, value }] of Object.entries(spellings) as [Name, Spelling][]) {
        if (place?.at !== at) place = await uploadAt(probe, at);
        const trial = await tryOffset(probe, place, value);
        trials[name] = trial;
        // An upload that moved would no longer ask the question.
        if (trial.after.bytes !== at) place = undefined;
      }
      return trials as Record<Name, Trial>;
    },
  });
}

type Place = Awaited<ReturnType<typeof uploadAt>>;

async function uploadAt(probe: Probe, at: Spelling['at']) {
  const file = probe.payload(100);
  const upload = await probe.create(file.sizeBytes);
  await bringTo(probe, upload, file, at);
  return { upload, at, chunk: file.part(at, at + 5) };
}

function tryOffset(probe: Probe, { upload, at, chunk }: Place, value: Spelling['value']): Promise<Trial> {
  return trialOf(probe, upload, at, () =>
    probe.patch(upload, at, chunk, { headers: { 'Upload-Offset': value } }),
  );
}
