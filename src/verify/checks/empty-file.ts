import { Blocked } from '../check.ts';
import { expectStatus } from '../expect.ts';
import type { Content } from '../probe/content.ts';
import type { SeenEmptyFile } from '../scenarios/whole-files.ts';
import type { Target } from '../target.ts';

/** The content of the empty file, whose creation must be taken. A server that refuses every upload is told so once. */
export function emptyContent({ created, content }: SeenEmptyFile, { refusesUploads }: Target): Content {
  if (refusesUploads !== undefined) throw new Blocked(refusesUploads, [created]);
  expectStatus(created, ['2xx'], { expected: 'the creation of an empty file is taken' });
  if (content === undefined) throw new Blocked('the scenario did not come as far as the content', [created]);
  return content;
}
