import { parseMetadata } from '../../protocol/headers.ts';
import { type RequestHead, refusal } from '../http/exchange.ts';
import { filtering, refusing } from './changes.ts';
import type { Defect } from './defect.ts';

const serve = { protocol: 'pulse-v1' } as const;

export const v1SessionsDefects: readonly Defect[] = [
  {
    id: 'v1-anchor-first',
    says: 'Takes what names another artifact only when that one exists.',
    breaks: ['v1.session.merged', 'v1.session.order-free', 'v1.meta.related-to'],
    serve,
    behaviour: () =>
      filtering(async (exchange, next, { uploads }) => {
        const anchor = pair(exchange.request, 'relatedTo');
        const isKnown = anchor === undefined || (await uploads.find(anchor)) !== undefined;
        return isKnown ? next() : refusal(400, 'relatedTo names nothing that is here');
      }),
  },
  {
    id: 'v1-merged-only',
    says: 'Refuses the manifest of a session of segments, because its capabilities name merged ones.',
    breaks: ['v1.session.segment', 'v1.session.unit-not-enforced'],
    serve,
    behaviour: () =>
      refusing(({ request }) =>
        pair(request, 'filename')?.endsWith('-segments.pulse')
          ? refusal(400, 'merged videos only')
          : undefined,
      ),
  },
];

function pair({ headers }: RequestHead, key: string): string | undefined {
  const value = parseMetadata(headers['upload-metadata'] ?? '')?.[key];
  return value && Buffer.from(value).toString('utf8');
}
