import { check, type Section } from '../check.ts';
import { expectStatus } from '../expect.ts';
import { pulseMust, pulseSafety } from '../levels.ts';
import { finalizeTokens, foreignFinalize } from '../scenarios/pulse-finalize-tokens.ts';
import { derived, pulseDocs } from '../sources.ts';

const authentication = pulseDocs('uploads', 'Authentication');
const anyone = 'anyone who learns the id of an upload can publish it';
const refused = [401, 403] as const;

/** Who may finalize; only asked with a token. */
export const pulseFinalizeTokens: Section = {
  number: 19,
  title: 'Pulse classic: finalize',
  untestable: {},
  checks: [
    check({
      id: 'pulse.finalize.token-header',
      level: pulseMust,
      impact: 'interoperability',
      spec: authentication,
      says: 'The token is accepted from X-Upload-Token alone.',
      passes: 'a success',
      fails: 'a refusal',
      matters: 'clients that send the header only cannot finish their uploads',
      reads: finalizeTokens,
      judge: ({ header }) => expectStatus(header, ['2xx']),
    }),
    check({
      id: 'pulse.finalize.token-body',
      level: pulseMust,
      impact: 'interoperability',
      spec: authentication,
      says: 'The token is accepted from the body alone.',
      passes: 'a success; 401 or 403 is a deviation',
      fails: 'anything else',
      matters: 'clients that send the token in the body only cannot finish their uploads',
      reads: finalizeTokens,
      judge: ({ body }) => expectStatus(body, ['2xx'], { warn: refused }),
    }),
    check({
      id: 'pulse.finalize.token-precedence',
      level: pulseSafety,
      impact: 'security',
      spec: authentication,
      says: 'A wrong token in the header is not rescued by a right one in the body.',
      passes: '401 or 403 to that; a success, 401 or 403 to a right header with a wrong body',
      fails: 'the wrong header is passed over',
      matters: 'what checks only the header, a proxy for example, can be bypassed',
      reads: finalizeTokens,
      judge({ badHeader, badBody }) {
        expectStatus(badHeader, refused);
        return expectStatus(badBody, ['2xx', ...refused]);
      },
    }),
    check({
      id: 'pulse.finalize.token-missing',
      level: pulseMust,
      impact: 'security',
      spec: authentication,
      says: 'Without a token a protected server refuses.',
      passes: '401, or 403',
      fails: 'anything else; a success is a deviation where creations need no token either',
      matters: anyone,
      reads: finalizeTokens,
      judge: ({ missing }, { guarded }) =>
        expectStatus(missing.refused, refused, { warn: guarded === 'creation' ? [] : ['2xx'] }),
    }),
    check({
      id: 'pulse.finalize.token-wrong',
      level: pulseMust,
      impact: 'security',
      spec: pulseDocs('troubleshooting', 'Upload errors'),
      says: 'A wrong token is refused.',
      passes: '401, or 403',
      fails: 'a success, a 5xx, or another refusal',
      matters: anyone,
      reads: finalizeTokens,
      judge: ({ wrong }) => expectStatus(wrong.refused, refused),
    }),
    check({
      id: 'pulse.finalize.token-refused-keeps-upload',
      level: pulseSafety,
      impact: 'data',
      spec: derived('a refusal has no effect'),
      says: 'After a refused finalize the upload can still be finalized.',
      passes: '401 or 403 to the wrong token, then a success to the right one',
      fails: 'the upload is gone',
      matters: 'a token that ran out costs the whole video',
      reads: finalizeTokens,
      judge({ wrong }) {
        expectStatus(wrong.refused, refused);
        return expectStatus(wrong.retried, ['2xx']);
      },
    }),
    check({
      id: 'pulse.finalize.foreign-upload',
      level: pulseSafety,
      impact: 'security',
      spec: derived('a token speaks for its own user'),
      says: 'A token for one upload does not finalize another.',
      passes: '401, 403 or 404; a success is a deviation, for the dialect binds no token to an upload',
      fails: 'anything else',
      matters: anyone,
      reads: foreignFinalize,
      judge: ({ crossed }) => expectStatus(crossed, [...refused, 404], { warn: ['2xx'] }),
    }),
  ],
};
