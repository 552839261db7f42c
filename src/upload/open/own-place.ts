import { PulseError } from '../../errors.ts';
import { withoutQuery } from '../../protocol/urls.ts';
import type { Job } from '../job.ts';
import { titleOf } from '../source/path-text.ts';

/** So many uploads of a run are compared: more than are ever under way, and few enough for any memory. */
const MOST_PLACES = 10_000;

/**
 * Throws `protocol` where the server gave a file the URL that another file of this run has: one takes the other's
 * place, or nothing of it is stored, and offsets cannot tell. A finalize tells, where there is one.
 */
export function assertOwnPlace({ protocol, source, tools }: Job, url: URL): void {
  const { places } = tools.host;
  if (protocol.finalize !== undefined) return;
  const other = places.get(url.href);
  if (other !== undefined && other !== source.path) {
    throw new PulseError(
      'protocol',
      `the server gave ${titleOf(source.name)} the upload of ${titleOf(other)} (${withoutQuery(url)}), expected one of its own`,
      {
        hint: 'check on the server which of the two it holds; if it names uploads after their files, these need different names',
      },
    );
  }
  places.set(url.href, source.path);
  const [oldest] = places.keys();
  if (places.size > MOST_PLACES && oldest !== undefined) places.delete(oldest);
}
