import { sessionsOfBothUnits } from '../../../src/verify/scenarios/v1-sessions.ts';
import { answerWith, spoils } from './spoil.ts';

export const v1SessionsSpoils = spoils(sessionsOfBothUnits, {
  'v1.session.merged': ({ merged }) => answerWith(merged[3]?.posted, 403),
  'v1.session.segment': ({ segment }) => answerWith(segment[2]?.patched, 403),
  'v1.session.unit-not-enforced': ({ segment }) => answerWith(segment[0]?.posted, 400),
  'v1.session.order-free': ({ merged }) => answerWith(merged[0]?.posted, 404),
});
