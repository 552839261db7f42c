import * as overlaps from '../../../src/verify/scenarios/overlaps.ts';
import { restartBetweenChunks, restartDuringPatch } from '../../../src/verify/scenarios/restarts.ts';
import { answerWith, otherContent, setHeader, spoils } from './spoil.ts';

export const dataOverlapsSpoils = [
  ...spoils(overlaps.twoUploadsInTurns, {
    'data.interleaved': ({ contents }) => otherContent(contents.at(-1) ?? {}),
  }),
  ...spoils(overlaps.sameOffsetRace, {
    'data.concurrent.same-offset': ({ rounds }) => {
      const round = rounds.at(-1);
      for (const answer of round?.answers ?? []) {
        answerWith(answer, 204);
        setHeader(answer, 'Upload-Offset', String(round?.content.expected.sizeBytes));
      }
    },
  }),
  ...spoils(overlaps.consecutiveRace, {
    'data.concurrent.disjoint': ({ rounds }) => otherContent(rounds.at(-1)?.content ?? {}),
  }),
  ...spoils(overlaps.retryDuringFirstAttempt, {
    'data.concurrent.identical-retry': ({ content }) => otherContent(content),
  }),
  ...spoils(overlaps.revivedRequest, {
    'data.disconnect.abandoned-request-late': ({ content }) => otherContent(content),
  }),
  ...spoils(overlaps.headDuringPatch, {
    'data.head-during-patch.time': ({ asked }) => {
      asked.endedMs = asked.startedMs + 6000;
    },
    'data.head-during-patch.value': ({ asked, sentBytes }) =>
      setHeader(asked, 'Upload-Offset', String(sentBytes + 1)),
    'data.head-during-patch.recover': ({ finish }) => {
      finish.complete = false;
    },
  }),
  ...spoils(overlaps.pipelinedPatches, { 'data.pipelined': ({ content }) => otherContent(content) }),
  ...spoils(restartBetweenChunks, {
    'data.restart.between-chunks': ({ asked, acknowledged }) =>
      setHeader(asked, 'Upload-Offset', String(acknowledged + 1)),
    'data.restart.durability': ({ after, acknowledged }) => {
      after.bytes = acknowledged - 1;
    },
  }),
  ...spoils(restartDuringPatch, {
    'data.restart.mid-patch': ({ asked, sentBytes }) =>
      setHeader(asked, 'Upload-Offset', String(sentBytes + 1)),
  }),
];
