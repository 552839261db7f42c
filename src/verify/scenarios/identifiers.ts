import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { siblingTarget } from './malformed-requests.ts';
import { bringTo } from './trial.ts';

/**
 * Upload URLs that the server has never given out, made from one that it has.
 * HEAD only, and only ever towards the scenario's own upload: a server that follows such a path must not be harmed.
 */

const SIZE_BYTES = 10;
/** An offset that no other upload has by chance, so that an answer about this upload is recognised. */
const OWN_OFFSET = 7;

export interface Spelling {
  /** What stands in the place of the id; `ID` for the id itself. */
  readonly segment: string;
  readonly exchange: Exchange;
}

/** Names that mean something to the router or to the language of the server. */
export const reservedNames = scenario({
  id: 'reserved-names',
  does: 'asks HEAD and sends an empty PATCH to upload URLs whose id is finalize, __proto__, constructor, toString, or hasOwnProperty',
  run: async (probe) => {
    const upload = await probe.create(SIZE_BYTES);
    const asked: Spelling[] = [];
    for (const segment of ['finalize', '__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const target = siblingTarget(upload.url, segment);
      asked.push({ segment, exchange: await probe.head(upload, { target }) });
      asked.push({ segment, exchange: await probe.patch(upload, 0, '', { target }) });
    }
    return { asked };
  },
});

export const otherIdSpellings = scenario({
  id: 'other-id-spellings',
  does: 'asks HEAD on its own upload by the ids x/../ID and ./ID (encoded), by its whole path behind x/.. (encoded), by ID%00, ID%2F, ID%5C, ID.json, ID.info, and by dot segments',
  needs: ['head'],
  run: async (probe) => {
    const file = probe.payload(SIZE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    await bringTo(probe, upload, file, OWN_OFFSET);
    const path = new URL(upload.url).pathname.replace(/\/$/, '');
    const id = path.split('/').at(-1) ?? '';
    const beside = new URL(path, upload.url);
    const own = await probe.head(upload);
    const ask = async (...segments: readonly string[]): Promise<readonly Spelling[]> => {
      const asked: Spelling[] = [];
      for (const segment of segments) {
        const target = siblingTarget(upload.url, segment.replace('ID', id));
        asked.push({ segment, exchange: await probe.head(upload, { target }) });
      }
      return asked;
    };
    return {
      own,
      aliases: await ask('x%2F..%2FID', '.%2FID'),
      ...(path.lastIndexOf('/') > 0 && {
        folded: await probe.head(upload, { target: foldedPath(upload.url) }),
      }),
      cutOff: await ask('ID%00', 'ID%5C'),
      withSlash: await ask('ID%2F'),
      neighbours: await ask('.info', 'ID.json', 'ID.info'),
      dots: await ask('.', '..', '%2e%2e'),
      // What a proxy that resolves dot segments, as it may (RFC 3986, 6.2.2.3), makes of them.
      resolved: [
        await probe.request('GET', new URL('.', beside).href),
        await probe.request('GET', new URL('..', beside).href),
      ],
    };
  },
});

/**
 * The path of an upload in one segment that leads into a folder and out again: no server takes that for an id of its
 * own, and whatever decodes and resolves paths before the server sees them makes the path of the upload of it.
 */
function foldedPath(uploadUrl: string): string {
  return `/x%2F..${new URL(uploadUrl).pathname.replaceAll('/', '%2F')}`;
}
