import { parseMetadata, TUS_VERSION } from '../../protocol/headers.ts';
import { asking, nameIn } from '../defects/asking.ts';
import {
  answering,
  both,
  filtering,
  isCreation,
  method,
  refusing,
  status,
  uploadOf,
} from '../defects/changes.ts';
import type { Variation } from '../defects/defect.ts';
import { checksum, checksumTrailer } from '../extensions/checksum.ts';
import { concatenation, concatenationUnfinished } from '../extensions/concatenation.ts';
import { standardExtensions } from '../extensions.ts';
import { type Exchange, json, type Reply, refusal } from '../http/exchange.ts';
import { receive } from '../http/receive.ts';
import type { Behaviour, Filter } from '../parts.ts';
import { roomBytes } from '../store/upload.ts';
import { beginsLikeVideo } from './begins-like-video.ts';

const PREFIX = '/api/v2';

/** Other places, other extensions, other doors; less taken at a time, and nothing kept behind the end. */
export const uploadVariations: readonly Variation[] = [
  {
    id: 'small-maximum',
    says: 'Takes files of at most 4 MB, and says so.',
    serve: { protocol: 'tus', maxSizeBytes: 4_000_000 },
    behaviour: () => ({}),
  },
  {
    id: 'unknown-410',
    says: 'Answers 410 for uploads that it does not know.',
    behaviour: () => answering(isUnknownUpload, (reply) => ({ ...reply, status: 410 })),
  },
  {
    id: 'unknown-403',
    says: 'Answers 403 for uploads that it does not know.',
    serve: { protocol: 'tus' },
    behaviour: () => answering(isUnknownUpload, (reply) => ({ ...reply, status: 403 })),
  },
  {
    id: 'ids-with-format',
    says: 'Reads an ending behind the id as the format that is wanted, as routes of Rails do.',
    serve: { protocol: 'tus' },
    behaviour: () =>
      filtering(({ request }, next) => {
        const path = request.path.replace(/(?<=[^/])\.[a-z]+$/, '');
        return next({ request: { ...request, path } });
      }),
  },
  {
    id: 'location-absolute',
    says: 'Names new uploads by their whole URL.',
    behaviour: () => ({ locate: (id, { headers }) => `http://${headers.host}/uploads/${id}` }),
  },
  {
    id: 'location-relative',
    says: 'Names new uploads relative to the URL of the creation.',
    serve: { protocol: 'tus' },
    behaviour: () => ({ locate: (id) => `files/${id}` }),
  },
  {
    id: 'location-with-query',
    says: 'Names new uploads by a URL with a query.',
    serve: { protocol: 'tus' },
    behaviour: () => ({ locate: (id) => `/files/${id}?part=1` }),
  },
  {
    id: 'location-below-prefix',
    says: 'Lives below a path prefix, and names it in Location.',
    serve: { below: PREFIX },
    behaviour: () => ({ ...belowPrefix(), locate: (id) => `${PREFIX}/uploads/${id}` }),
  },
  {
    id: 'slash-at-end',
    says: 'Ends the URLs of uploads with a slash, and redirects there from those without, as Django does.',
    serve: { protocol: 'tus', below: '/' },
    behaviour: () => ({ ...slashAtEnd(), locate: (id) => `/files/${id}/` }),
  },
  {
    id: 'takes-less',
    says: 'Takes the first 512 KiB of a larger chunk, and acknowledges those.',
    behaviour: () => ({
      receive: async (job) => {
        const ending = await receive({ ...job, roomBytes: Math.min(job.roomBytes, 512 * 1024) });
        const isWanted = ending.kind === 'overrun' && job.roomBytes > 512 * 1024;
        return isWanted ? { kind: 'whole' } : ending;
      },
    }),
  },
  {
    id: 'no-extensions',
    says: 'Advertises no extension and offers none but the creation itself.',
    behaviour: () => ({ extensions: [] }),
  },
  {
    id: 'creation-only',
    says: 'Offers plain tus with creation, and no other extension.',
    serve: { protocol: 'tus' },
    behaviour: () => ({ extensions: standardExtensions.filter(({ name }) => name === 'creation') }),
  },
  {
    id: 'no-room-507',
    says: 'Answers 507 to creations for which there is no room on the disk.',
    behaviour: () =>
      refusing(({ request }) =>
        request.method === 'POST' && Number(request.headers['upload-length']) >= 2 ** 31
          ? refusal(507, 'no room for so many bytes')
          : undefined,
      ),
  },
  {
    id: 'wants-version',
    says: 'Refuses requests that name no version.',
    behaviour: () => ({
      rules: {
        door: {
          version: ({ request }) =>
            request.headers['tus-resumable'] === TUS_VERSION || request.path === '/uploads/finalize'
              ? undefined
              : refusal(412, `Tus-Resumable must be ${TUS_VERSION}`, { 'Tus-Version': TUS_VERSION }),
        },
      },
    }),
  },
  {
    id: 'guarded',
    says: 'Asks for a token with every request.',
    serve: { guarded: true },
    behaviour: () => ({}),
  },
  {
    id: 'guarded-403',
    says: 'Asks for a token with every request, and answers 403 without one.',
    serve: { guarded: true },
    behaviour: () => answering(status(401), (reply) => ({ ...reply, status: 403 })),
  },
  {
    id: 'guarded-at-finalize',
    says: 'Asks for a token with finalize only.',
    serve: { guarded: true },
    behaviour: () => ({
      rules: { door: { credential: () => undefined } },
      filter: async ({ request }, next, { rules }) => {
        const given = request.headers['x-upload-token'];
        const isWrong = given !== undefined && !rules.finalize.bodyToken(given);
        return isWrong && request.path === '/uploads/finalize' ? refusal(401, 'a wrong token') : next();
      },
    }),
  },
  {
    id: 'takes-only-videos',
    says: 'Refuses creations and names that are not those of a video, and what does not begin like one.',
    behaviour: onlyVideos,
  },
  {
    id: 'state-by-get',
    says: 'Tells whoever asks GET where an upload stands, as JSON.',
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const upload = exchange.request.method === 'GET' ? await uploadOf(exchange, parts) : undefined;
        if (upload === undefined) return next();
        return json(200, { offset: upload.offsetBytes, size: upload.info.lengthBytes });
      }),
  },
  {
    id: 'finalize-once',
    says: 'Knows a finalized upload no more: 404 to whatever is asked of it.',
    behaviour: finalizeOnce,
  },
];

/** Neither the name nor the type nor the first bytes of anything else: what the app sends has all three. */
function onlyVideos(): Behaviour {
  const named = asking(async (asked) => {
    const upload = await asked.parts.uploads.find(String(asked.fields.uploadId));
    if (nameIn(asked) !== '' && !isVideoName(nameIn(asked))) return refusal(400, 'this names no video');
    return upload === undefined || (await beginsLikeVideo(upload, asked.parts))
      ? asked.next()
      : refusal(422, 'this is no video');
  });
  const filter: Filter = async (exchange, next, parts) => {
    const { request } = exchange;
    const { filename, filetype = 'video/' } = parseMetadata(request.headers['upload-metadata'] ?? '') ?? {};
    const isVideo = isVideoName(filename ?? '.mp4') && String(filetype).startsWith('video/');
    if (isCreation(request) && !isVideo) return refusal(415, 'only videos are taken');
    return named.filter?.(exchange, next, parts) ?? next();
  };
  const partwise = [checksum(), checksumTrailer, concatenation(), concatenationUnfinished];
  return { extensions: [...standardExtensions, ...partwise], filter };
}

const isVideoName = (name: string | Uint8Array) => /\.mp4$/i.test(String(name));

type Facts = { readonly exchange: Exchange; readonly reply: Reply };

function isUnknownUpload({ exchange, reply }: Facts): boolean {
  const isAboutUpload = /^\/(uploads|files)\/(?!finalize$)/.test(exchange.request.path);
  return isAboutUpload && both(method('HEAD', 'PATCH', 'DELETE'), status(404))({ exchange, reply });
}

/** A front end that hands on what is below the prefix, and nothing else. */
function belowPrefix(): Behaviour {
  return filtering(async (exchange, next) => {
    const { path } = exchange.request;
    if (!path.startsWith(`${PREFIX}/`)) return refusal(404, 'nothing here');
    return next({ request: { ...exchange.request, path: path.slice(PREFIX.length) } });
  });
}

function slashAtEnd(): Behaviour {
  return filtering(async ({ request }, next) => {
    const { path } = request;
    if (!path.startsWith('/files')) return next();
    return path.endsWith('/')
      ? next({ request: { ...request, path: path.slice(0, -1) } })
      : { status: 301, headers: { Location: `${path}/` } };
  });
}

function finalizeOnce(): Behaviour {
  const finalized = new Set<string>();
  const filter: Filter = async (exchange, next, parts) => {
    const upload = await uploadOf(exchange, parts);
    if (upload && finalized.has(upload.info.id)) return next({ request: withoutUpload(exchange) });
    return next();
  };
  return {
    filter,
    rules: {
      finalize: {
        complete: ({ upload }) => {
          if (roomBytes(upload) > 0) return refusal(409, 'not complete');
          if (finalized.has(upload.info.id)) return refusal(404, 'no such upload');
          finalized.add(upload.info.id);
          return undefined;
        },
      },
    },
  };
}

/** The same request about an upload that nobody has. */
function withoutUpload({ request }: Exchange): Exchange['request'] {
  return { ...request, path: request.path.replace(/[^/]+$/, 'gone') };
}
