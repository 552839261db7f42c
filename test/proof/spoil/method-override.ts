import {
  postAsDelete,
  postAsHead,
  postAsNonsense,
  postAsPatch,
  postAsPatchByNobody,
} from '../../../src/verify/scenarios/method-override.ts';
import { answerWith, dropHeader, setHeader, spoils } from './spoil.ts';

export const methodOverrideSpoils = [
  ...spoils(postAsPatch, {
    'core.method-override.patch': ({ patched }) => setHeader(patched.exchange, 'Location', '/uploads/1'),
  }),
  ...spoils(postAsDelete, { 'core.method-override.delete': ({ after }) => answerWith(after, 200) }),
  ...spoils(postAsHead, {
    'core.method-override.head': ({ headed }) => dropHeader(headed, 'Upload-Offset'),
  }),
  ...spoils(postAsNonsense, { 'core.method-override.unknown': ({ posted }) => answerWith(posted, 500) }),
  ...spoils(postAsPatchByNobody, {
    'core.method-override.no-auth-bypass': ({ bypass }) => answerWith(bypass.exchange, 204),
  }),
];
