import { finalizeTokens, foreignFinalize } from '../../../src/verify/scenarios/pulse-finalize-tokens.ts';
import { answerWith, spoils } from './spoil.ts';

export const pulseFinalizeTokensSpoils = [
  ...spoils(finalizeTokens, {
    'pulse.finalize.token-header': ({ header }) => answerWith(header, 401),
    'pulse.finalize.token-body': ({ body }) => answerWith(body, 401),
    'pulse.finalize.token-precedence': ({ badHeader }) => answerWith(badHeader, 200),
    'pulse.finalize.token-missing': ({ missing }) => answerWith(missing.refused, 200),
    'pulse.finalize.token-wrong': ({ wrong }) => answerWith(wrong.refused, 200),
    'pulse.finalize.token-refused-keeps-upload': ({ wrong }) => answerWith(wrong.retried, 404),
  }),
  ...spoils(foreignFinalize, { 'pulse.finalize.foreign-upload': ({ crossed }) => answerWith(crossed, 200) }),
];
