import { everyExtension } from '../../../src/verify/scenarios/core-options.ts';
import {
  deletedDuringPatch,
  deletedFinished,
  deletedOnKeptConnection,
  deletedUnfinished,
  deletedUnknown,
  deleteUnasked,
  oneOfTwoDeleted,
} from '../../../src/verify/scenarios/terminations.ts';
import { answerWith, otherContent, spoils } from './spoil.ts';

export const terminationSpoils = [
  ...spoils(everyExtension, { 'termination.advertised': ({ deleted }) => answerWith(deleted, 405) }),
  ...spoils(deletedUnfinished, {
    'termination.unfinished.204': ({ deleted }) => answerWith(deleted, 404),
    'termination.then-head': ({ head }) => answerWith(head, 200),
    'termination.then-patch': ({ patched }) => answerWith(patched, 409),
    'termination.then-delete': ({ again }) => answerWith(again, 500),
  }),
  ...spoils(deletedFinished, {
    'termination.finished.204': ({ deleted }) => answerWith(deleted, 500),
    'termination.then-get': ({ got }) => answerWith(got, 200),
  }),
  ...spoils(deletedOnKeptConnection, {
    'termination.no-content': ({ stray }) => {
      stray.sizeBytes = 4;
    },
  }),
  ...spoils(deletedUnknown, { 'termination.unknown': ({ deleted }) => answerWith(deleted, 204) }),
  ...spoils(oneOfTwoDeleted, { 'termination.isolated': ({ content }) => otherContent(content) }),
  ...spoils(deletedDuringPatch, { 'termination.during-patch': ({ heads }) => answerWith(heads[1], 200) }),
  ...spoils(deleteUnasked, { 'termination.unsupported': ({ deleted }) => answerWith(deleted, 204) }),
];
