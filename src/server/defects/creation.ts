import { buffer } from 'node:stream/consumers';
import { standardExtensions } from '../extensions.ts';
import type { Exchange, Reply } from '../http/exchange.ts';
import { refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import {
  answering,
  damage,
  filtering,
  headerOf,
  isCreation,
  refusing,
  uploadOf,
  withHeaders,
} from './changes.ts';
import { creationLengthDefects } from './creation-lengths.ts';
import type { Defect } from './defect.ts';

const serve = { protocol: 'tus' } as const;

/** A creation of that length which succeeded: mistakes are those of few, because everything builds on creations. */
const created =
  (lengthBytes: number) =>
  ({ exchange: { request }, reply }: { exchange: Exchange; reply: Reply }) =>
    reply.status === 201 && isCreation(request) && request.headers['upload-length'] === String(lengthBytes);

export const creationDefects: readonly Defect[] = [
  {
    id: 'creation-not-advertised',
    says: 'Creates uploads and does not list creation.',
    breaks: ['creation.advertised', 'core.options.unadvertised'],
    serve,
    behaviour: () => ({ extensions: standardExtensions.filter(({ name }) => !name.startsWith('creation')) }),
  },
  {
    id: 'tus-creation-200',
    says: 'Answers 200 to the creation of an upload of 1,234 bytes.',
    breaks: ['creation.post.201'],
    serve,
    behaviour: () => answering(created(1234), (reply) => ({ ...reply, status: 200 })),
  },
  {
    id: 'two-locations',
    says: 'Names two places for one upload.',
    breaks: ['creation.post.location'],
    serve,
    behaviour: () =>
      answering(created(1234), (reply) => {
        const location = headerOf(reply, 'Location') ?? '';
        return { ...reply, headers: { ...reply.headers, Location: [location, `${location}-copy`] } };
      }),
  },
  {
    id: 'location-of-nothing',
    says: 'Names a place where the new upload is not.',
    breaks: ['creation.post.location.reference', 'creation.post.initial-offset'],
    source: 'https://github.com/tus/tus-node-server/issues/81',
    serve,
    behaviour: () =>
      answering(created(1235), (reply, { request }) =>
        withHeaders(reply, { Location: `${request.path}/00000000-0000-4000-8000-000000000000` }),
      ),
  },
  {
    id: 'location-with-fragment',
    says: 'Writes a fragment behind Location.',
    breaks: ['creation.post.location.clean'],
    serve,
    behaviour: () =>
      answering(created(1234), (reply) =>
        withHeaders(reply, { Location: `${headerOf(reply, 'Location')}#upload` }),
      ),
  },
  {
    id: 'location-given-twice',
    says: 'Gives the URL of an upload of 1,236 bytes to the next one of that length too.',
    breaks: ['creation.post.location.unique'],
    serve,
    behaviour: locationsGivenTwice,
  },
  {
    id: 'creation-alike-gets-first-upload',
    says: 'Takes a creation whose metadata and length are those of one before for the same, where it is of one byte.',
    breaks: ['creation.post.location.unique'],
    serve,
    behaviour: firstUploadForAlike,
  },
  {
    id: 'stored-under-metadata',
    says: 'Stores the one byte of an upload under its metadata, over that of another with the same.',
    breaks: ['creation.post.location.unique'],
    serve,
    behaviour: storedUnderMetadata,
  },
  {
    id: 'new-upload-at-its-end',
    says: 'States the length as the offset of a new upload of 1,235 bytes.',
    breaks: ['creation.post.initial-offset', 'creation.post.location.reference'],
    source: 'https://github.com/tus/tus-node-server/issues/21',
    serve,
    behaviour: () =>
      answering(
        ({ reply }) => headerOf(reply, 'Upload-Length') === '1235',
        (reply) => withHeaders(reply, { 'Upload-Offset': '1235' }),
      ),
  },
  ...creationLengthDefects,
  {
    id: 'created-but-not-ready',
    says: 'Does not know a new upload of 4,096 bytes without a name when its first chunk comes.',
    breaks: ['creation.post.immediately-usable'],
    serve,
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const upload = exchange.request.method === 'PATCH' ? await uploadOf(exchange, parts) : undefined;
        return upload?.info.lengthBytes === 4096 && upload.info.metadata === undefined
          ? refusal(404, 'no such upload')
          : next();
      }),
  },
  {
    id: 'empty-creation-needs-no-type',
    says: 'Refuses a creation of ten bytes that states the media type of chunks and carries none.',
    breaks: ['creation.post.octet-type-empty-body'],
    serve,
    behaviour: () =>
      refusing(({ request }) =>
        isCreation(request) &&
        request.headers['content-type'] !== undefined &&
        request.headers['upload-length'] === '10' &&
        request.bodyBytes === 0
          ? refusal(400, 'a body is missing')
          : undefined,
      ),
  },
  {
    id: 'creation-needs-content-length',
    says: 'Refuses a creation with a chunked body.',
    breaks: ['creation.post.chunked-empty'],
    source: 'https://github.com/seaweedfs/seaweedfs/issues/7592',
    serve,
    behaviour: () =>
      refusing(({ request }) =>
        isCreation(request) && request.bodyBytes === undefined
          ? refusal(400, 'Content-Length is missing')
          : undefined,
      ),
  },
  {
    id: 'creation-states-length-as-offset',
    says: 'Answers the creation of an upload of 1,234 bytes with Upload-Offset 1234.',
    breaks: ['creation.post.upload-offset-extra'],
    serve,
    behaviour: () => answering(created(1234), (reply) => withHeaders(reply, { 'Upload-Offset': '1234' })),
  },
  {
    id: 'post-on-upload-fails',
    says: 'Falls over POST on the URL of an upload.',
    breaks: ['creation.post.on-upload-url'],
    serve,
    behaviour: () =>
      refusing(({ request }) =>
        request.method === 'POST' && /^\/(files|upload)\//.test(request.path)
          ? refusal(500, 'internal error')
          : undefined,
      ),
  },
  {
    id: 'put-is-success',
    says: 'Answers PUT on the creation URL with 200, and does nothing.',
    breaks: ['creation.post.wrong-method'],
    serve,
    behaviour: () => refusing(({ request }) => (request.method === 'PUT' ? { status: 200 } : undefined)),
  },
  {
    id: 'crowd-mixed-up',
    says: 'Writes the byte of another upload into the thirtieth upload of one byte.',
    breaks: ['creation.post.burst'],
    source: 'https://github.com/ankitpokhrel/tus-php/issues/125',
    behaviour: crowdMixedUp,
  },
];

function locationsGivenTwice(): Behaviour {
  let previous: string | undefined;
  return answering(created(1236), (reply) => {
    const location = previous ?? headerOf(reply, 'Location');
    previous = previous === undefined ? location : undefined;
    return withHeaders(reply, { Location: location });
  });
}

function firstUploadForAlike(): Behaviour {
  const locations = new Map<string, string | undefined>();
  return answering(created(1), (reply, { request }) => {
    const metadata = request.headers['upload-metadata'];
    if (metadata === undefined) return reply;
    const own = headerOf(reply, 'Location');
    const first = locations.get(String(metadata)) ?? own;
    locations.set(String(metadata), first);
    return withHeaders(reply, { Location: first });
  });
}

function storedUnderMetadata(): Behaviour {
  const ids = new Map<string, string>();
  return filtering(async (exchange, next, parts) => {
    const reply = await next();
    const upload = exchange.request.method === 'PATCH' ? await uploadOf(exchange, parts) : undefined;
    const { id = '', lengthBytes, metadata } = upload?.info ?? {};
    if (upload?.offsetBytes !== 1 || lengthBytes !== 1 || metadata === undefined) return reply;
    const earlier = ids.get(metadata);
    if (earlier !== undefined && earlier !== id)
      await damage(earlier, 0, await buffer(parts.store.read(upload)), parts);
    ids.set(metadata, id);
    return reply;
  });
}

/** A byte each, and that byte behind the opening of a video. */
const ofTheCrowd: ReadonlySet<number> = new Set([1, 17]);

function crowdMixedUp(): Behaviour {
  let chunks = 0;
  return filtering(async (exchange, next, parts) => {
    const reply = await next();
    const { request } = exchange;
    if (request.method !== 'PATCH' || !ofTheCrowd.has(request.bodyBytes ?? 0) || reply.status !== 204)
      return reply;
    const upload = await uploadOf(exchange, parts);
    if (upload !== undefined && upload.info.lengthBytes === request.bodyBytes && ++chunks === 30) {
      await damage(upload.info.id, 0, Uint8Array.of(0xee), parts);
    }
    return reply;
  });
}
