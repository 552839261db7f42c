import * as cuts from '../../../src/verify/scenarios/disconnects.ts';
import type { SeenBrokenUpload } from '../../../src/verify/scenarios/seen-file.ts';
import { answerWith, otherContent, spoils, type Writable } from './spoil.ts';

export const dataDisconnectsSpoils = [
  ...spoils(cuts.cutInMidChunk, {
    'data.disconnect.mid-chunk': ({ content }) => otherContent(content),
    'data.disconnect.offset-matches-bytes': ({ content }) => otherContent(content),
    'pulse.flow.resume': ({ cuts: [cut] }) => answerWith(cut?.after.exchanges.at(-1), 404),
  }),
  ...spoils(cuts.cutThenSameChunk, {
    'data.disconnect.no-head-retry': ({ content }) => otherContent(content),
  }),
  ...spoils(cuts.cutByFin, { 'data.disconnect.fin': beyondWhatWasSent }),
  ...spoils(cuts.cutByReset, { 'data.disconnect.rst': ({ content }) => otherContent(content) }),
  ...spoils(cuts.cutAfterHead, { 'data.disconnect.headers-only': beyondWhatWasSent }),
  ...spoils(cuts.cutOneByteShort, { 'data.disconnect.one-byte-missing': beyondWhatWasSent }),
  ...spoils(cuts.cutFirstAndLast, {
    'data.disconnect.first-and-last': ({ finish }) => {
      finish.complete = false;
    },
  }),
  ...spoils(cuts.repeatedCuts, {
    'data.disconnect.repeated': ({ content }) => otherContent(content),
    'data.disconnect.offset-bounds': ({ cuts: all }) => {
      const last = all.at(-1);
      if (last) last.after.bytes = last.beforeBytes - 1;
    },
  }),
  ...spoils(cuts.lostAnswer, { 'data.disconnect.lost-response': ({ content }) => otherContent(content) }),
  ...spoils(cuts.cutInsideChunkedBody, { 'data.disconnect.chunked-te': beyondWhatWasSent }),
];

function beyondWhatWasSent({ cuts: [cut] }: Writable<SeenBrokenUpload>): void {
  if (cut) cut.after.bytes = cut.beforeBytes + cut.sentBytes + 1;
}
