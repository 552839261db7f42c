import { lenientOffsets, strangeOffsets } from '../../../src/verify/scenarios/core-patch-offsets.ts';
import { answerWith, spoils } from './spoil.ts';

export const corePatchOffsetSpoils = [
  ...spoils(strangeOffsets, {
    'core.patch.missing-offset': ({ missing }) => answerWith(missing.exchange, 500),
    'core.patch.offset-syntax.negative': ({ negative }) => answerWith(negative.exchange, 204),
    'core.patch.offset-syntax.nan': ({ notANumber }) => {
      notANumber.after.bytes = 5;
    },
    'core.patch.offset-syntax.float': ({ fraction }) => answerWith(fraction.exchange, 204),
    'core.patch.offset-syntax.trailing-garbage': ({ trailing }) => {
      trailing.after.bytes = 7;
    },
    'core.patch.offset-syntax.hex': ({ hex }) => answerWith(hex.exchange, 204),
    'core.patch.offset-syntax.exponent': ({ exponent }) => answerWith(exponent.exchange, 204),
    'core.patch.offset-syntax.empty': ({ empty }) => answerWith(empty.exchange, 500),
    'core.patch.offset-syntax.precision': ({ beyond53Bits }) => answerWith(beyond53Bits.exchange, 500),
    'core.patch.offset-syntax.int64': ({ beyond64Bits }) => answerWith(beyond64Bits.exchange, 204),
    'core.patch.offset-syntax.list': ({ twoLines }) => answerWith(twoLines.exchange, 204),
  }),
  ...spoils(lenientOffsets, {
    'core.patch.offset-syntax.plus-or-zeros': ({ zeros }) => answerWith(zeros.exchange, 500),
  }),
];
