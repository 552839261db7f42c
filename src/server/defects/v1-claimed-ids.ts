import { parseMetadata } from '../../protocol/headers.ts';
import { artifactOf } from '../artifact.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import { filtering, isCreation } from './changes.ts';
import type { Defect } from './defect.ts';

/** Section 23, third part: one id is authorised, and another one created (protocol v1, 4.4). */
const serve = { protocol: 'pulse-v1', guarded: true, bound: true } as const;

export const v1ClaimedIdsDefects: readonly Defect[] = [
  {
    id: 'v1-alias-created-artifact-id-authorised',
    says: 'Asks whether the token is good for artifactId, and then stores under the alias that stands beside it.',
    breaks: ['v1.meta.alias-precedence'],
    serve,
    behaviour: () =>
      storingAs((metadata) => {
        const { artifactId, videoid, projectid } = parseMetadata(metadata) ?? {};
        const alias = videoid ?? projectid;
        return artifactId && alias ? { authorised: text(artifactId), stored: text(alias) } : undefined;
      }),
  },
  {
    id: 'v1-first-id-authorised-last-one-stored',
    says: 'Asks whether the token is good for the first artifactId, and then stores under the last one.',
    breaks: ['v1.meta.duplicate-id'],
    serve,
    behaviour: () =>
      storingAs((metadata) => {
        const [authorised, stored] = [...metadata.matchAll(/artifactId ([^,\s]+)/g)].map(([, id = '']) =>
          text(Buffer.from(id, 'base64')),
        );
        return authorised && stored ? { authorised, stored } : undefined;
      }),
  },
];

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');
const base64 = (id: string) => Buffer.from(id).toString('base64');

type Reading = (metadata: string) => { readonly authorised: string; readonly stored: string } | undefined;

/** Creates the one artifact where the token is good for the other: as if it were related to that. */
function storingAs(read: Reading): Behaviour {
  return filtering(async ({ request }: Exchange, next) => {
    const metadata = request.headers['upload-metadata'] ?? '';
    const ids = isCreation(request) ? read(metadata) : undefined;
    if (ids === undefined) return next();
    const name = /filename [^,\s]+/.exec(metadata)?.[0] ?? '';
    const claimed = `${name},artifactId ${base64(ids.stored)},relatedTo ${base64(ids.authorised)}`;
    if ('status' in artifactOf(claimed)) return next();
    return next({ request: { ...request, headers: { ...request.headers, 'upload-metadata': claimed } } });
  });
}
