import { wholeRun } from '../../../src/verify/scenario.ts';
import { deadlines, expired } from '../../../src/verify/scenarios/expiration.ts';
import { creationAnswers } from '../../../src/verify/scenarios/exposure.ts';
import { answerWith, dropHeader, setHeader, spoils } from './spoil.ts';

const PAST = 'Thu, 01 Jan 1970 00:00:00 GMT';

export const expirationSpoils = [
  ...spoils(wholeRun(creationAnswers), {
    // Audited on a server that does not list expiration.
    'expiration.advertised': ({ exchanges }) => setHeader(answered(exchanges), 'Upload-Expires', PAST),
    'expiration.format': ({ exchanges }) => setHeader(answered(exchanges), 'Upload-Expires', '3600'),
  }),
  ...spoils(deadlines, {
    'expiration.patch.header': ({ patched }) => dropHeader(patched[1], 'Upload-Expires'),
    'expiration.post.header': ({ created, patched }) => {
      dropHeader(created, 'Upload-Expires');
      for (const chunk of patched) setHeader(chunk, 'Upload-Expires', PAST);
    },
    'expiration.future': ({ patched }) => setHeader(patched[0], 'Upload-Expires', PAST),
  }),
  ...spoils(expired, {
    'expiration.gone': ({ late }) => answerWith(late.exchange, 500),
    'expiration.gone.410': ({ head }) => answerWith(head, 500),
    'expiration.gone-not-appended': ({ late }) => answerWith(late.exchange, 204),
  }),
];

function answered<E extends { readonly answer?: unknown }>(exchanges: readonly E[]): E | undefined {
  return exchanges.find(({ answer }) => answer !== undefined);
}
