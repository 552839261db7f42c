import { takenChunks } from '../../../src/verify/checks/taken-chunks.ts';
import type { Exchange } from '../../../src/verify/recording.ts';
import { type SeenInRun, wholeRun } from '../../../src/verify/scenario.ts';
import { capabilitiesTimed, handedOver, recreatedAfterExpiry } from '../../../src/verify/scenarios/app.ts';
import { answerWith, dropHeader, spoils, type Writable } from './spoil.ts';

function lastChunk(seen: SeenInRun): Writable<Exchange> | undefined {
  return takenChunks(seen).at(-1) as Writable<Exchange> | undefined;
}

export const appSpoils = [
  ...spoils(wholeRun(), {
    'app.patch.exact-204': (seen) => answerWith(lastChunk(seen), 200),
    'app.patch.progress': (seen) => dropHeader(lastChunk(seen), 'Upload-Offset'),
  }),
  ...spoils(handedOver, { 'app.4xx-terminal': ({ asked }) => answerWith(asked, 423) }),
  ...spoils(recreatedAfterExpiry, { 'app.gone-recreate': ({ anew }) => answerWith(anew, 409) }),
  ...spoils(capabilitiesTimed, {
    'app.timeouts': (seen) => {
      seen.tookMs = 8001;
    },
  }),
];
