import { unknownPatch } from '../../../src/verify/scenarios/basic-flow.ts';
import {
  emptyPatch,
  patchesBehindTheEnd,
  refusedBodyThenNext,
  tooLongBodies,
} from '../../../src/verify/scenarios/core-patch-edges.ts';
import { cutByReset, cutInMidChunk } from '../../../src/verify/scenarios/disconnects.ts';
import { answerWith, otherContent, spoils } from './spoil.ts';

export const corePatchEdgeSpoils = [
  ...spoils(unknownPatch, { 'core.patch.unknown.404': ({ patchUnknown }) => answerWith(patchUnknown, 409) }),
  ...spoils(tooLongBodies, {
    'core.patch.exceed-length': ({ plain }) => {
      plain.trial.after.bytes = 34;
    },
    'core.patch.exceed-length-chunked': ({ chunked }) => {
      chunked.trial.after.bytes = 50;
    },
    'core.patch.exceed-then-recover': ({ chunked }) => otherContent(chunked.content),
  }),
  ...spoils(patchesBehindTheEnd, {
    'core.patch.after-complete-empty': ({ empty }) => answerWith(empty.exchange, 500),
    'core.patch.after-complete-bytes': ({ oneByte }) => {
      oneByte.after.bytes = 25;
    },
  }),
  ...spoils(emptyPatch, {
    'core.patch.empty-body': ({ empty }) => {
      empty.after.bytes = 5;
    },
  }),
  ...spoils(cutInMidChunk, {
    'core.patch.store-partial': ({ cuts }) => {
      for (const { after, beforeBytes } of cuts) after.bytes = beforeBytes;
    },
  }),
  ...spoils(cutByReset, {
    'core.patch.network-errors': ({ finish }) => {
      finish.complete = false;
    },
  }),
  ...spoils(refusedBodyThenNext, {
    'core.patch.post-error-reuse': ({ trials }) => answerWith(trials[1]?.second, 400),
  }),
];
