import { parseMetadata } from '../../protocol/headers.ts';
import type { Dialect } from '../dialect.ts';
import type { Parts } from '../parts.ts';
import { settledFirst } from '../requests/complete.ts';
import { download } from '../requests/download.ts';
import type { LiveUpload } from '../store/live-uploads.ts';

/** Plain tus 1.0: a complete upload gets the name of its metadata, or else its id, and can be read back. */
export const tus: Dialect = {
  clientPath: '/files',
  resource: () => undefined,
  uploadVerbs: { GET: download },
  meet: settledFirst,
  settle: async (upload: LiveUpload, { store, rules }: Parts) => {
    const { id, metadata, concat } = upload.info;
    // A part is no file of its own: the final upload gets the name.
    if (concat?.kind === 'partial') return undefined;
    const filename = parseMetadata(metadata ?? '')?.filename;
    const name = filename && rules.parse.fileName(Buffer.from(filename).toString('utf8'));
    upload.finished = await store.finish(id, { name: name || id, sizeBytes: upload.offsetBytes });
    return undefined;
  },
};
