import { Blocked, Skip } from '../check.ts';
import { dialects } from '../dialect.ts';
import { expectStatus } from '../expect.ts';
import type { Content } from '../probe/content.ts';
import type { Exchange } from '../recording.ts';
import type { SeenFile } from '../scenarios/seen-file.ts';
import type { SeenEmptyFile } from '../scenarios/whole-files.ts';
import type { Target } from '../target.ts';

/** Files that are too short to be a video, for servers that look at what they are given. */

/** The content of the empty file, whose creation must be taken. A server that refuses every upload is told so once. */
export function emptyContent({ created, content }: SeenEmptyFile, target: Target): Content {
  if (target.refusesUploads !== undefined) throw new Blocked(target.refusesUploads, [created]);
  skipUnlessEmptyVideo([created, content?.exchange], target);
  expectStatus(created, ['2xx'], { expected: 'the creation of an empty file is taken' });
  if (content === undefined) throw new Blocked('the scenario did not come as far as the content', [created]);
  return content;
}

/** What finalize judges elsewhere, v1 judges as soon as all bytes are there, of none at once: its 422 is about them. */
export function skipUnlessEmptyVideo(
  exchanges: readonly (Exchange | undefined)[],
  { protocol }: Target,
): void {
  if (protocol === 'pulse-v1') skipNoVideo(exchanges);
}

/** 422 to a file of a single byte, where the first upload of the run was taken, says that it is no video. */
export function skipUnlessVideo({ patches, content }: SeenFile, { protocol }: Target): void {
  if (dialects[protocol].opening !== undefined) skipNoVideo([...patches, content.exchange]);
}

function skipNoVideo(exchanges: readonly (Exchange | undefined)[]): void {
  if (exchanges.some((exchange) => exchange?.answer?.status === 422))
    throw new Skip('the server answers 422: what is as short as this is no video');
}
