import type { Behaviour } from '../parts.ts';
import { filtering, headerOf, isCreation, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';

/** Metadata that cannot be read, which a v1 server takes and repeats: what the same mistakes show in tus. */

const serve = { protocol: 'pulse-v1' } as const;

export const v1EchoDefects: readonly Defect[] = [
  {
    id: 'v1-metadata-keys-twice',
    says: 'Keeps both of two pairs with the same key.',
    breaks: ['metadata.duplicate-key'],
    serve,
    behaviour: () => taking('a YQ==,a Yg=='),
  },
  {
    id: 'v1-metadata-reads-anything',
    says: 'Reads a value that is no base64 as an empty one.',
    breaks: ['metadata.invalid-base64'],
    serve,
    behaviour: () => taking('a !!!', 'a'),
  },
  {
    id: 'v1-metadata-empty-keys',
    says: 'Takes commas without anything for keys without a name.',
    breaks: ['metadata.empty-key'],
    serve,
    behaviour: () => taking(','),
  },
];

/** Creates as if this were not there, behind what every creation has, and repeats it. */
function taking(wrong: string, repeated = wrong): Behaviour {
  const kept = new Map<string, string>();
  return filtering(async ({ request }, next) => {
    const given = request.headers['upload-metadata'] ?? '';
    if (isCreation(request) && given.endsWith(`,${wrong}`)) {
      const good = given.slice(0, -wrong.length - 1);
      const headers = { ...request.headers, 'upload-metadata': good };
      const reply = await next({ request: { ...request, headers } });
      kept.set(lastSegment(headerOf(reply, 'Location') ?? ''), `${good},${repeated}`);
      return reply;
    }
    const reply = await next();
    const text = request.method === 'HEAD' ? kept.get(lastSegment(request.path)) : undefined;
    return text === undefined ? reply : withHeaders(reply, { 'Upload-Metadata': text });
  });
}

function lastSegment(path: string): string {
  return path.split('/').at(-1) ?? '';
}
