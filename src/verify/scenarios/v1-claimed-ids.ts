import { isSuccess } from '../answers.ts';
import { artifactIdOf } from '../dialect.ts';
import type { Probe } from '../probe/probe.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import type { Need } from '../target.ts';

/**
 * Creations that name two artifacts: the one that the first token is bound to, and one that only the second may create.
 * Nothing is related to anything here, for that would cover both.
 */

/** Each token is bound to an artifact, and both are known. */
const twoArtifacts: readonly Need[] = [
  'token',
  'guarded',
  'second-token',
  'bound-tokens',
  'artifact',
  'second-artifact',
];

export interface Claim {
  /** `MINE` and `THEIRS` stand for the ids. */
  readonly what: string;
  readonly posted: Exchange;
  /** The same id, created by whoever may. */
  readonly owned: Exchange;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

const claims = (id: string, does: string, named: readonly string[]) =>
  scenario({
    id,
    does,
    needs: twoArtifacts,
    // There is one artifact of the token only, which other scenarios create and remove, too.
    alone: true,
    run: async (probe) => {
      const tried: Claim[] = [];
      for (const what of named) tried.push(await claimed(probe, what));
      return { tried };
    },
  });

export const aliasesBesideIds = claims(
  'v1-aliases-beside-ids',
  'creates, with the first token, uploads whose artifactId and whose alias name different artifacts, in both orders, and asks by the second token whether its own was left alone',
  [
    'videoid THEIRS,artifactId MINE',
    'artifactId MINE,videoid THEIRS',
    'projectid THEIRS,artifactId MINE',
    'artifactId MINE,projectid THEIRS',
  ],
);

export const idsTwice = claims(
  'v1-ids-twice',
  'creates, with the first token, uploads that give artifactId twice, in one header line and in two, and asks by the second token whether its own was left alone',
  [
    'artifactId THEIRS,artifactId MINE',
    'artifactId MINE,artifactId THEIRS',
    'artifactId THEIRS|artifactId MINE',
    'artifactId MINE|artifactId THEIRS',
  ],
);

/** One such creation; `|` parts header lines. */
async function claimed(probe: Probe, what: string): Promise<Claim> {
  const { owner: mine = '', stranger = '' } = probe.artifacts;
  const theirs = artifactIdOf(probe.fileName());
  const filename = base64(probe.fileName());
  const [first = '', ...more] = what
    .replace('MINE', base64(mine))
    .replace('THEIRS', base64(theirs))
    .split('|');
  const posted = await probe.post(10, {
    headers: { 'Upload-Metadata': [`filename ${filename},${first}`, ...more] },
  });
  const own = `artifactId ${base64(theirs)},filename ${filename},relatedTo ${base64(stranger)}`;
  const owned = await probe.post(10, { as: 'stranger', headers: { 'Upload-Metadata': own } });
  // What was taken is given free for the next.
  if (isSuccess(posted)) {
    await probe.remove(probe.uploadOf(posted, 10));
    await probe.request('DELETE', `${probe.target.artifactsUrl}/${mine}`);
  }
  return { what, posted, owned };
}
