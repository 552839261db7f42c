import { wholeRun } from '../../../src/verify/scenario.ts';
import { refusals } from '../../../src/verify/scenarios/basic-flow.ts';
import {
  noVersion,
  optionsVersions,
  twoVersions,
  wrongVersion,
} from '../../../src/verify/scenarios/core-version.ts';
import { answerWith, dropHeader, loseAnswer, setHeader, spoils } from './spoil.ts';

export const coreVersionSpoils = [
  ...spoils(wholeRun(), {
    'core.version.response-header': ({ exchanges }) =>
      dropHeader(
        exchanges.find(({ scenario, answer }) => scenario === 'basic-flow' && answer?.status === 201),
        'Tus-Resumable',
      ),
  }),
  ...spoils(refusals, {
    'core.version.response-header-on-error': ({ tooEarly }) => setHeader(tooEarly, 'Tus-Resumable', '0.2.2'),
  }),
  ...spoils(wrongVersion, {
    'core.version.unsupported.412': ({ patched }) => answerWith(patched, 204),
    'core.version.unsupported.tus-version': ({ posted }) => setHeader(posted, 'Tus-Version', '0.2.2'),
    'core.version.unsupported.not-processed': ({ after }) => {
      after.bytes = 5;
    },
    'core.version.head-unsupported': ({ headed }) => answerWith(headed, 500),
  }),
  ...spoils(noVersion, { 'core.version.missing': ({ posted }) => answerWith(posted, 500) }),
  ...spoils(optionsVersions, {
    'core.version.options-ignores-header': ({ strange }) => answerWith(strange, 412),
    'core.version.list-syntax': ({ plain }) => setHeader(plain, 'Tus-Version', '1.0.0;0.2.2'),
    'core.version.list-preference': ({ plain }) => setHeader(plain, 'Tus-Version', '0.2.2,1.0.0'),
  }),
  ...spoils(twoVersions, { 'core.version.duplicate': ({ alive }) => loseAnswer(alive) }),
];
