import { parseMetadata, TUS_VERSION } from '../../protocol/headers.ts';
import { type RequestHead, refusal } from '../http/exchange.ts';
import type { Parts } from '../parts.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import { damage, filtering, headerOf, refusing, uploadOf, withHeaders } from './changes.ts';
import { type Defect, fullScale } from './defect.ts';

const serve = { protocol: 'pulse-v1' } as const;

/** What the scenarios send, so that each mistake is seen by them alone. */
const CANCELLED_BYTES = 613;
const CANCELLED_AT_BYTES = 300;
const DUPLICATE_BYTES = 811;
const RACED_BYTES = 97;
const SPELT_BYTES = 23;
const SPELT_AT_BYTES = 4;
const LOOKED_AT_BYTES = 1234;
const ONE_PATCH_BYTES = 8 * 1024 * 1024;

const version = { 'Tus-Resumable': TUS_VERSION };

export const v1UploadDefects: readonly Defect[] = [
  {
    id: 'v1-no-head-in-between',
    says: 'Answers 405 to HEAD of an upload that is under way.',
    breaks: ['v1.upload.routes'],
    serve,
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const upload = exchange.request.method === 'HEAD' ? await uploadOf(exchange, parts) : undefined;
        const isMeant =
          upload?.info.lengthBytes === CANCELLED_BYTES && upload.offsetBytes === CANCELLED_AT_BYTES;
        return isMeant ? refusal(405, 'no HEAD here') : next();
      }),
  },
  {
    id: 'v1-cancel-keeps',
    says: 'Acknowledges the cancellation of an upload, and keeps it.',
    breaks: ['v1.upload.delete-cancels'],
    blocks: ['v1.upload.recreate-after-cancel'],
    serve,
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const { method, path } = exchange.request;
        const isCancel = method === 'DELETE' && path.startsWith('/upload/');
        const upload = isCancel ? await uploadOf(exchange, parts) : undefined;
        return upload?.info.lengthBytes === CANCELLED_BYTES ? { status: 204, headers: version } : next();
      }),
  },
  {
    id: 'v1-id-stuck',
    says: 'Keeps the id of a cancelled upload reserved.',
    breaks: ['v1.upload.recreate-after-cancel'],
    source: 'the reference implementation of v1, which reserves an id until DELETE of its artifact',
    onlyWarns: true,
    serve,
    behaviour: () => {
      const reserved = new Set<string>();
      return refusing(({ request }) => {
        if (request.method !== 'POST' || lengthOf(request) !== CANCELLED_BYTES) return undefined;
        const id = idIn(request);
        if (reserved.has(id)) return refusal(409, 'this id is reserved');
        reserved.add(id);
        return undefined;
      });
    },
  },
  {
    id: 'v1-creation-starts-over',
    says: 'Throws away what it has of an artifact that is created a second time.',
    breaks: ['v1.upload.duplicate-create'],
    serve,
    behaviour: () =>
      filtering(async ({ request }, next, { uploads }) => {
        if (request.method === 'POST' && lengthOf(request) === DUPLICATE_BYTES) {
          const upload = await uploads.find(idIn(request));
          if (upload !== undefined) await uploads.remove(upload);
        }
        return next();
      }),
  },
  {
    id: 'v1-both-creations-win',
    says: 'Acknowledges both of two creations of an artifact at the same time.',
    breaks: ['v1.upload.duplicate-create-race'],
    serve,
    behaviour: () =>
      filtering(async ({ request }, next) => {
        const reply = await next();
        const isSecond = reply.status === 409 && request.method === 'POST';
        return isSecond && lengthOf(request) === RACED_BYTES ? created(idIn(request)) : reply;
      }),
  },
  {
    id: 'v1-case-tells-ids-apart',
    says: 'Takes a UUID in upper case for another artifact.',
    breaks: ['v1.upload.case-variant'],
    source: 'the reference implementation of v1',
    onlyWarns: true,
    serve,
    behaviour: () =>
      filtering(async ({ request }, next) => {
        const reply = await next();
        const id = idAsWritten(request);
        return reply.status === 409 && id !== id.toLowerCase() ? created(id) : reply;
      }),
  },
  {
    id: 'v1-case-collides',
    says: 'Takes a UUID in upper case for another artifact, and stores both in one file.',
    breaks: ['v1.upload.case-variant'],
    serve,
    behaviour: () =>
      filtering(async ({ request }, next, parts) => {
        const id = request.path.split('/').at(-1) ?? '';
        const isOther = request.method === 'PATCH' && id !== id.toLowerCase();
        const first = isOther ? await parts.uploads.find(id.toLowerCase()) : undefined;
        if (first?.info.lengthBytes === SPELT_BYTES) {
          await damage(first.info.id, 0, new Uint8Array(SPELT_AT_BYTES), parts);
          return { status: 204, headers: { ...version, 'Upload-Offset': String(SPELT_BYTES) } };
        }
        const reply = await next();
        const named = idAsWritten(request);
        const isSecond = reply.status === 409 && named !== named.toLowerCase();
        return isSecond && lengthOf(request) === SPELT_BYTES ? created(named) : reply;
      }),
  },
  {
    id: 'v1-decodes-base64',
    says: 'Stores what a chunk that looks like base64 stands for, in the place of its beginning.',
    breaks: ['v1.upload.raw-body'],
    serve,
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const { method, headers } = exchange.request;
        const upload = method === 'PATCH' ? await uploadOf(exchange, parts) : undefined;
        const reply = await next();
        if (upload === undefined || reply.status !== 204 || upload.finished !== undefined) return reply;
        const at = Number(headers['upload-offset']);
        const text = await storedText(upload, at, parts);
        if (/^[A-Za-z0-9+/]{40,}={0,2}$/.test(text))
          await damage(upload.info.id, at, Buffer.from(text, 'base64'), parts);
        return reply;
      }),
  },
  {
    id: 'v1-body-limit',
    says: 'Refuses request bodies of 8 MiB, as a proxy with a limit does.',
    breaks: ['v1.upload.one-patch', 'core.patch.single-request'],
    serve,
    behaviour: () =>
      refusing(({ request }) =>
        Number(request.headers['content-length']) === ONE_PATCH_BYTES
          ? refusal(413, 'too large a body')
          : undefined,
      ),
  },
  {
    id: 'v1-gigabyte-limit',
    says: 'Refuses request bodies of more than a GiB.',
    breaks: ['v1.upload.one-patch'],
    serve: { ...serve, needs: 'large' },
    behaviour: ({ gibibyteBytes } = fullScale) =>
      refusing(({ request }) =>
        Number(request.headers['content-length']) > gibibyteBytes
          ? refusal(413, 'too large a body')
          : undefined,
      ),
  },
  {
    id: 'v1-location-says-https',
    says: 'Writes https into Location, whatever the client speaks.',
    breaks: ['v1.location.same-origin'],
    serve,
    behaviour: () =>
      filtering(async ({ request }, next) => {
        const reply = await next();
        const isMeant = reply.status === 201 && lengthOf(request) === LOOKED_AT_BYTES;
        const Location = `https://${request.headers.host}${headerOf(reply, 'Location')}`;
        return isMeant ? withHeaders(reply, { Location }) : reply;
      }),
  },
];

/** What an unfinished upload holds from there on, if it is text that could be base64. */
async function storedText(upload: LiveUpload, at: number, { store }: Parts): Promise<string> {
  if (upload.offsetBytes <= at) return '';
  const pieces = [];
  for await (const piece of store.read(upload, { first: at, last: upload.offsetBytes - 1 }))
    pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1');
}

const created = (id: string) => ({ status: 201, headers: { ...version, Location: `/upload/${id}` } });

function lengthOf({ headers }: RequestHead): number {
  return Number(headers['upload-length']);
}

function idAsWritten({ headers }: RequestHead): string {
  const value = parseMetadata(headers['upload-metadata'] ?? '')?.artifactId;
  return Buffer.from(value ?? '').toString('utf8');
}

function idIn(request: RequestHead): string {
  return idAsWritten(request).toLowerCase();
}
