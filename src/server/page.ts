import { readFile } from 'node:fs/promises';
import { parseMetadata } from '../protocol/headers.ts';
import { type Exchange, json, type Reply, type RequestHead, refusal } from './http/exchange.ts';
import { fileReply } from './http/ranges.ts';
import type { Route } from './http/routes.ts';
import type { Parts, Verb } from './parts.ts';
import { atRest } from './requests/complete.ts';
import type { LiveUpload } from './store/live-uploads.ts';
import { isComplete, isUploadId } from './store/upload.ts';
import { words } from './words.ts';

/** Where the page itself lies, beside the code: plain files, sent as they are. */
const folder = new URL('../../page/', import.meta.url);

const files: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'held.js': 'text/javascript; charset=utf-8',
  'memory.js': 'text/javascript; charset=utf-8',
  'protocols.js': 'text/javascript; charset=utf-8',
  'wire.js': 'text/javascript; charset=utf-8',
};

/** Only what comes from this server: nothing uploaded, and no other site, becomes part of the page. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "media-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What a browser may play; anything else that was uploaded is never shown in this origin. */
const playable: Readonly<Record<string, string>> = {
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  webm: 'video/webm',
  mov: 'video/quicktime',
  ogv: 'video/ogg',
};

/** The page that shows an upload as it happens, and what the server holds; undefined for any other path. */
export function pageResource(path: string): Route | undefined {
  const name = path === '/' ? 'index.html' : /^\/page\/([a-z]+\.(?:js|css))$/.exec(path)?.[1];
  if (name !== undefined && Object.hasOwn(files, name))
    return { verbs: { GET: () => file(name) }, isOpen: true };
  if (path === '/page/facts') return { verbs: { GET: facts }, isOpen: true };
  if (path === '/page/uploads') return { verbs: { GET: list } };
  if (path.startsWith('/page/checksum/')) return { verbs: { GET: checksum } };
  // A player cannot send the token in a header: this one looks for it in the query.
  return path.startsWith('/page/files/') ? { verbs: { GET: content }, isOpen: true } : undefined;
}

async function file(name: string): Promise<Reply> {
  const headers = { 'Content-Type': files[name] ?? '', 'Content-Security-Policy': policy };
  return { status: 200, headers, body: await readFile(new URL(name, folder), 'utf8') };
}

const facts: Verb = async (_exchange, { protocol, rules }) =>
  json(200, {
    protocol,
    creationPath: words[protocol].creationPath,
    asksForToken: rules.door.credential({ request: nobody }) !== undefined,
  });

const nobody: RequestHead = { method: 'POST', path: '/', query: '', headers: {} };

/** More than this would not be read, and each costs a look at the disk. */
const MOST_LISTED = 200;

const list: Verb = async (_exchange, { store, uploads }) => {
  const ids = await store.ids();
  const found = await Promise.all(ids.slice(0, MOST_LISTED).map((id) => uploads.find(id)));
  const there = found.filter((upload) => upload !== undefined);
  there.sort((one, other) => other.touchedMs - one.touchedMs);
  return json(200, { total: ids.length, uploads: there.map(described) });
};

function described(upload: LiveUpload) {
  const { info, offsetBytes, finished } = upload;
  return {
    id: info.id,
    name: nameOf(upload),
    offsetBytes,
    lengthBytes: info.lengthBytes,
    sha256: finished?.sha256,
    isFinished: finished !== undefined,
    isVideo: typeOf(upload) !== undefined,
  };
}

function nameOf({ info, finished }: LiveUpload): string | undefined {
  const given = parseMetadata(info.metadata ?? '')?.filename;
  return finished?.name ?? (given && Buffer.from(given).toString('utf8'));
}

function typeOf(upload: LiveUpload): string | undefined {
  const ending = nameOf(upload)?.split('.').at(-1)?.toLowerCase() ?? '';
  return Object.hasOwn(playable, ending) ? playable[ending] : undefined;
}

const checksum: Verb = async ({ request }, parts) => {
  const upload = await wanted(request, parts);
  if ('status' in upload) return upload;
  const { sha256 } = upload.finished?.sha256 !== undefined ? upload.finished : await measured(upload, parts);
  return json(200, { sha256 });
};

function measured(upload: LiveUpload, { measure, store }: Parts) {
  return measure(store.read(upload));
}

const content: Verb = async (exchange, parts) => {
  const { door } = parts.rules;
  const request = withToken(exchange);
  // The page is about all uploads: a token that is bound to one of them does not open it.
  const refused = door.credential({ request }) ?? door.subject({ request, subject: {} });
  if (refused !== undefined) return refused;
  const upload = await wanted(exchange.request, parts);
  if ('status' in upload) return upload;
  const type = typeOf(upload);
  const headers =
    type === undefined
      ? { 'Content-Type': 'application/octet-stream', 'Content-Disposition': 'attachment' }
      : { 'Content-Type': type };
  return fileReply(exchange.request, { ...headers, 'Content-Security-Policy': 'sandbox' }, upload, parts);
};

/** As if the token of the query had come in the headers in which the protocols look for it. */
function withToken({ request }: Exchange): RequestHead {
  const token = new URLSearchParams(request.query).get('token');
  if (token === null) return request;
  return {
    ...request,
    headers: { ...request.headers, 'x-upload-token': token, authorization: `Bearer ${token}` },
  };
}

/** A complete upload, whose bytes change no more. */
async function wanted({ path }: RequestHead, parts: Parts): Promise<LiveUpload | Reply> {
  const { uploads, store } = parts;
  const id = path.split('/').at(-1) ?? '';
  const upload = isUploadId(id) ? await uploads.find(id) : undefined;
  if (upload !== undefined) await atRest(upload, parts);
  const isThere =
    upload !== undefined && isComplete(upload) && (!upload.finished || (await store.holds(upload)));
  return isThere ? upload : refusal(404, 'no such file');
}
