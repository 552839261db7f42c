import { encodeMetadata, OFFSET_OCTET_STREAM, parseMetadata, TUS_VERSION } from '../../protocol/headers.ts';
import { belowPrefix, resolveLocation, uploadIdOf } from '../../protocol/urls.ts';
import { cameOf, headerOf, isSuccess } from '../answers.ts';
import { Blocked, Skip } from '../check.ts';
import { dialects } from '../dialect.ts';
import type { Random } from '../random.ts';
import type { Exchange } from '../recording.ts';
import type { Target } from '../target.ts';
import type { Body } from './body.ts';
import type { HeaderChanges } from './header-changes.ts';
import type { Identity, RequestOptions } from './request.ts';
import type { Access, Requests } from './requests.ts';
import { refuseToHarm, unknownLike } from './unknown.ts';

/** An upload that the server has created for this scenario. */
export interface Upload {
  readonly url: string;
  /** What finalize calls it: the last segment of its URL. */
  readonly id: string;
  readonly sizeBytes: number;
  readonly filename: string;
  readonly created: Exchange;
}

export interface FinalizeOptions extends RequestOptions {
  /** Changes to the JSON fields that would be sent; undefined removes one. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** The requests of the protocol, right in everything that their options do not change. */
export interface Uploads {
  /** A creation as it is, whatever comes of it. `sizeBytes` undefined sends no Upload-Length. */
  readonly post: (sizeBytes: number | undefined, options?: RequestOptions) => Promise<Exchange>;
  /** Upload-Metadata with these pairs, behind those without which the protocol refuses a creation. */
  readonly metadata: (text?: string) => string | undefined;
  /** A creation that the scenario builds on: throws Blocked where the server refuses it. */
  readonly create: (sizeBytes: number, options?: RequestOptions) => Promise<Upload>;
  /** The upload that a 2xx to `post` names; throws Blocked where it names none. */
  readonly uploadOf: (created: Exchange, sizeBytes: number) => Upload;
  readonly patch: (upload: Upload, offset: number, body: Body, options?: RequestOptions) => Promise<Exchange>;
  readonly head: (upload: Upload | string, options?: RequestOptions) => Promise<Exchange>;
  readonly options: (url?: string, options?: RequestOptions) => Promise<Exchange>;
  readonly remove: (upload: Upload | string, options?: RequestOptions) => Promise<Exchange>;
  /** Pulse only: throws Blocked where the protocol has no finalize. */
  readonly finalize: (upload: Upload, options?: FinalizeOptions) => Promise<Exchange>;
  /** Whether the server still answers at all: health, or OPTIONS. */
  readonly alive: () => Promise<Exchange>;
  /** The options of an ordinary PATCH, for requests over a connection of one's own. */
  readonly patchOptions: (offset: number, body: Body, options?: RequestOptions) => RequestOptions;
  /** The options of an ordinary creation, for the same; given twice they create the same upload twice. */
  readonly postOptions: (sizeBytes: number | undefined, options?: RequestOptions) => RequestOptions;
  /** An upload URL like this upload's whose id the server has never given out. */
  readonly unknownUrl: (upload: Upload) => string;
  /**
   * The same for requests that would harm it, were it somebody's after all: throws Skip where HEAD, as far as there is
   * one, does not refuse it.
   */
  readonly unknownUpload: (upload: Upload) => Promise<Upload>;
}

const ALIVE_MS = 5000;
const version = { 'Tus-Resumable': TUS_VERSION };

export function createUploads(
  { request }: Pick<Requests, 'request'>,
  target: Target,
  access: Access,
  fileName: () => string,
  random: Random,
): Uploads {
  // Whoever has no credential sends what its owner would: only the credential may be missing.
  const anchorOf = (as: Identity = 'owner') => access.artifacts?.[as === 'nobody' ? 'owner' : as];
  const postOptions = (
    sizeBytes: number | undefined,
    options: RequestOptions = {},
    filename = fileName(),
  ): RequestOptions => ({
    ...options,
    headers: {
      ...version,
      ...(sizeBytes !== undefined && { 'Upload-Length': String(sizeBytes) }),
      'Upload-Metadata': encodeMetadata(dialects[target.protocol].metadata(filename, anchorOf(options.as))),
      ...options.headers,
    },
  });
  const post = (sizeBytes: number | undefined, options?: RequestOptions, filename?: string) =>
    request('POST', target.createUrl, postOptions(sizeBytes, options, filename));

  const patchOptions = (offset: number, body: Body, options: RequestOptions = {}): RequestOptions => ({
    ...options,
    body,
    headers: { ...patchHeaders(offset), ...options.headers },
  });

  const uploadOf = (
    created: Exchange,
    sizeBytes: number,
    filename = namedIn(created) ?? fileName(),
  ): Upload => {
    refuseBeyondMaximum(created, sizeBytes, target);
    const url = locationOf(created, target, access);
    return { url: url.href, id: uploadIdOf(url), sizeBytes, filename, created };
  };

  const metadata = (text?: string): string | undefined => {
    const given = text?.split(',').map((pair) => pair.trim().split(' ')[0]);
    const { needsMetadata, metadata: ordinary } = dialects[target.protocol];
    const required = Object.entries(needsMetadata ? ordinary(fileName(), anchorOf()) : {});
    const missing = encodeMetadata(Object.fromEntries(required.filter(([key]) => !given?.includes(key))));
    return missing === '' || text === undefined ? missing || text : `${missing},${text}`;
  };

  const head: Uploads['head'] = (upload, options = {}) =>
    request('HEAD', urlOf(upload), { ...options, headers: { ...version, ...options.headers } });
  const unknownUrl = ({ url }: Upload) => unknownLike(url, target.createUrl, random);

  return {
    post,
    metadata,
    create: async (sizeBytes, options) => {
      const filename = fileName();
      return uploadOf(await post(sizeBytes, options, filename), sizeBytes, filename);
    },
    uploadOf,
    patch: (upload, offset, body, options) =>
      request('PATCH', upload.url, patchOptions(offset, body, options)),
    head,
    options: (url = target.createUrl, options = {}) => request('OPTIONS', url, options),
    remove: (upload, options = {}) =>
      request('DELETE', urlOf(upload), { ...options, headers: { ...version, ...options.headers } }),
    finalize: async (upload, options) => {
      if (target.finalizeUrl === undefined) throw new Blocked(`${target.protocol} has no finalize`);
      return request('POST', target.finalizeUrl, finalizeOptions(upload, access, options));
    },
    // What a malformed request leaves behind on its own connection says nothing about the server.
    alive: () =>
      request(dialects[target.protocol].aliveMethod, target.aliveUrl, { timeoutMs: ALIVE_MS, alone: true }),
    patchOptions,
    postOptions,
    unknownUrl,
    unknownUpload: async (upload) => {
      const url = unknownUrl(upload);
      if (target.headless === undefined) refuseToHarm(await head(url));
      return { ...upload, url, id: uploadIdOf(new URL(url)) };
    },
  };
}

/** The file's name that was sent with the creation. */
function namedIn({ sent }: Exchange): string | undefined {
  const text = sent.headers.find(([name]) => name.toLowerCase() === 'upload-metadata')?.[1];
  const name = parseMetadata(text ?? '')?.filename;
  return name && Buffer.from(name).toString('utf8');
}

function urlOf(upload: Upload | string): string {
  return typeof upload === 'string' ? upload : upload.url;
}

function patchHeaders(offset: number): HeaderChanges {
  return { ...version, 'Upload-Offset': String(offset), 'Content-Type': OFFSET_OCTET_STREAM };
}

/** JSON with the token in header and body, as the app sends it. */
function finalizeOptions(upload: Upload, access: Access, options: FinalizeOptions = {}): RequestOptions {
  const token = access.tokens[options.as ?? 'owner'];
  const fields = {
    uploadId: upload.id,
    filename: upload.filename,
    ...(token !== undefined && { uploadToken: token }),
    ...options.fields,
  };
  const headers = { 'Content-Type': 'application/json', ...version, ...options.headers };
  return { body: JSON.stringify(fields), ...options, headers };
}

/** A server may take small files only, where it says so: what needs a larger one is no question to it. */
function refuseBeyondMaximum(created: Exchange, sizeBytes: number, { maxSize }: Target): void {
  if (created.answer?.status !== 413 || maxSize === undefined || sizeBytes <= Number(maxSize)) return;
  throw new Skip(`needs an upload of ${sizeBytes} bytes, and Tus-Max-Size is ${maxSize}`);
}

/** The URL that a Location names; undefined where it is none. */
export function placeOf(location: string, { prefixed, server, createUrl }: Target): URL | undefined {
  const below = prefixed ? belowPrefix(location, new URL(server)) : undefined;
  return below ?? resolveLocation(location, new URL(createUrl));
}

/** Where the new upload is. Nothing is ever sent to another origin than the one that the user named. */
function locationOf(created: Exchange, target: Target, access: Access): URL {
  const location = headerOf(created, 'Location');
  if (!isSuccess(created)) {
    throw new Blocked(`an upload could not be created: ${cameOf('POST', created)}`, [created]);
  }
  if (location === undefined) throw new Blocked('the answer to POST has no Location', [created]);
  const url = placeOf(location, target);
  if (url === undefined) throw new Blocked(`Location is no URL: ${location}`, [created]);
  if (url.origin !== access.origin) {
    throw new Blocked(`Location leads to ${url.origin}: nothing is sent there`, [created]);
  }
  return url;
}
