import { Blocked, check, type Section, Skip } from '../check.ts';
import { expectStatus, remarks } from '../expect.ts';
import { v1May, v1Safety } from '../levels.ts';
import { type SentArtifact, sessionsOfBothUnits } from '../scenarios/v1-sessions.ts';
import { derived, pulseV1 } from '../sources.ts';

/** Section 26: what belongs to one recording, in the order of the app. */

const sessions = pulseV1('8. Sessions');
const stuck = 'the video is there, and its captions, picture or clips are not';

function expectAllTaken(sent: readonly SentArtifact[]): string | undefined {
  if (sent.length === 0) throw new Blocked('nothing was sent');
  return remarks(
    ...sent.map(({ what, posted, patched, isGiven }) => {
      if (isGiven && posted.answer?.status === 409)
        throw new Skip('the artifact of your token is there already: ask for a token of a fresh one');
      expectStatus(posted, [201], { expected: `201 to the creation of ${what}` });
      return expectStatus(patched, [204], { expected: `204 to the bytes of ${what}` });
    }),
  );
}

export const v1Sessions: Section = {
  number: 26,
  title: 'Pulse v1: sessions',
  untestable: {},
  checks: [
    check({
      id: 'v1.session.merged',
      level: v1May,
      impact: 'interoperability',
      spec: sessions,
      says: 'Captions, manifest, thumbnail and then the video they belong to go through with one token.',
      passes: '201 and 204 to each',
      fails: 'any refusal',
      matters: stuck,
      reads: sessionsOfBothUnits,
      judge: ({ merged }) => expectAllTaken(merged),
    }),
    check({
      id: 'v1.session.segment',
      level: v1May,
      impact: 'interoperability',
      spec: sessions,
      says: 'A manifest and then the clips that belong to it go through with one token.',
      passes: '201 and 204 to each',
      fails: 'any refusal',
      matters: stuck,
      reads: sessionsOfBothUnits,
      judge: ({ segment }) => expectAllTaken(segment),
    }),
    check({
      id: 'v1.session.unit-not-enforced',
      level: v1May,
      impact: 'interoperability',
      spec: sessions,
      says: 'uploadUnit is advice: a session of the other unit is taken too.',
      passes: '201 and 204 to everything of the unit that the capabilities do not name',
      fails: 'any refusal',
      matters: 'pairing links that name another unit lead nowhere',
      reads: sessionsOfBothUnits,
      judge: ({ uploadUnit, merged, segment }) => expectAllTaken(uploadUnit === 'segment' ? merged : segment),
    }),
    check({
      id: 'v1.session.order-free',
      level: v1Safety,
      impact: 'interoperability',
      spec: derived('the app sends the video last'),
      says: 'What belongs to a video may come before it.',
      passes: '201 and 204 to captions, manifest and thumbnail while the video is not there',
      fails: 'any refusal',
      matters: stuck,
      reads: sessionsOfBothUnits,
      judge: ({ merged }) => expectAllTaken(merged.slice(0, -1)),
    }),
  ],
};
