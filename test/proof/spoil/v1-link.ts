import {
  linkArtifactCreated,
  linkRead,
  linkServerAsked,
  linkTokenTried,
} from '../../../src/verify/scenarios/v1-link.ts';
import { answerWith, spoils } from './spoil.ts';

/** The link with that piece replaced, which must stand in it. */
function rewrite(seen: { link: string }, piece: string | RegExp, by: string): void {
  const rewritten = seen.link.replace(piece, by);
  if (rewritten === seen.link) throw new Error(`there is no ${piece} in ${seen.link}`);
  seen.link = rewritten;
}

export const v1LinkSpoils = [
  ...spoils(linkRead, {
    'v1.link.scheme': (seen) => rewrite(seen, 'pulsecam:', 'pulsecams:'),
    'v1.link.v': (seen) => rewrite(seen, 'v=1', 'v=2'),
    'v1.link.artifact-id': (seen) => rewrite(seen, /artifactId=.{8}-/, 'artifactId='),
    'v1.link.server-https': (seen) => rewrite(seen, '127.0.0.1', '203.0.113.7'),
    'v1.link.token': (seen) => rewrite(seen, '&server=', '&token=&server='),
    'v1.link.upload-unit': (seen) => rewrite(seen, '&server=', '&uploadUnit=beat&server='),
  }),
  ...spoils(linkServerAsked, {
    'v1.link.server': ({ capabilities }) => answerWith(capabilities, 404),
  }),
  ...spoils(linkTokenTried, {
    'v1.link.token-scoped': ({ other }) => answerWith(other, 201),
  }),
  ...spoils(linkArtifactCreated, {
    'v1.link.unreserved': ({ created }) => answerWith(created, 409),
  }),
];
