import { wholeRun } from '../../../src/verify/scenario.ts';
import { basicFlow } from '../../../src/verify/scenarios/basic-flow.ts';
import {
  conditionalHead,
  headOnKeptConnection,
  headsInARow,
  otherSpellings,
  unknownHead,
  unknownHeadOnKeptConnection,
} from '../../../src/verify/scenarios/core-head.ts';
import { answerWith, dropHeader, loseAnswer, setHeader, spoils } from './spoil.ts';

export const coreHeadSpoils = [
  ...spoils(basicFlow, {
    'core.head.status': ({ headEmpty }) => answerWith(headEmpty, 202),
    'core.head.offset-zero': ({ headEmpty }) => dropHeader(headEmpty, 'Upload-Offset'),
    'core.head.offset-after-patch': ({ headAfterSecond }) => setHeader(headAfterSecond, 'Upload-Offset', '4'),
    'core.head.offset-completed': ({ headComplete }) => setHeader(headComplete, 'Upload-Offset', '9'),
    'core.head.length-known': ({ headAfterFirst }) => dropHeader(headAfterFirst, 'Upload-Length'),
    'core.head.length-stable': ({ headAfterSecond }) => setHeader(headAfterSecond, 'Upload-Length', '11'),
    'core.head.no-store': ({ headAfterFirst }) => setHeader(headAfterFirst, 'Cache-Control', 'no-cache'),
  }),
  ...spoils(wholeRun(), {
    'core.head.offset-syntax': ({ exchanges }) =>
      setHeader(
        exchanges.find(({ sent, answer }) => sent.method === 'PATCH' && answer?.status === 204),
        'Upload-Offset',
        '4.0',
      ),
    'core.head.monotonic': ({ exchanges }) => {
      const heads = exchanges.filter(
        ({ scenario, sent }) => scenario === 'basic-flow' && sent.method === 'HEAD',
      );
      setHeader(heads.at(-1), 'Upload-Offset', '1');
    },
    'core.head.no-redirect': ({ exchanges }) =>
      answerWith(
        exchanges.find(({ sent, answer }) => sent.method === 'PATCH' && answer !== undefined),
        307,
      ),
  }),
  ...spoils(unknownHead, {
    'core.head.no-store-on-error': ({ asked }) => setHeader(asked, 'Cache-Control', 'public, max-age=60'),
    'core.head.unknown.status': ({ asked }) => answerWith(asked, 200),
    'core.head.unknown.no-offset': ({ asked }) => setHeader(asked, 'Upload-Offset', '0'),
  }),
  ...spoils(headOnKeptConnection, {
    'core.head.no-body': ({ stray }) => {
      stray.sizeBytes = 2;
    },
  }),
  ...spoils(unknownHeadOnKeptConnection, {
    'core.head.no-body-on-error': ({ second }) => {
      loseAnswer(second);
      if (second) second.broken = { cause: 'not-http', detail: 'it starts with "{"' };
    },
  }),
  ...spoils(headsInARow, {
    'core.head.read-only': ({ heads }) => setHeader(heads.at(-1), 'Upload-Offset', '5'),
  }),
  ...spoils(conditionalHead, { 'core.head.no-304': ({ noneMatch }) => answerWith(noneMatch, 304) }),
  ...spoils(otherSpellings, { 'core.head.trailing-slash': ({ query }) => answerWith(query, 500) }),
];
