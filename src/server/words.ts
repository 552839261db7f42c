import { OFFSET_OCTET_STREAM } from '../protocol/headers.ts';
import { type Reply, type RequestHead, refusal } from './http/exchange.ts';
import { boundaryOf } from './http/multipart.ts';
import { bearerToken } from './tokens/token.ts';

/** The dialects this server speaks. */
export type ServedProtocol = 'pulse' | 'tus' | 'pulse-v1';

/** How the body of a PATCH holds the file's bytes. */
export type Packing = { readonly kind: 'raw' } | { readonly kind: 'form'; readonly boundary: string };

/** What a protocol writes and reads its own way. No I/O here; what it does its own way is its dialect. */
export interface Words {
  /** Where uploads are created; their URLs are one segment below. */
  readonly creationPath: string;
  readonly credentialOf: (request: RequestHead) => string | undefined;
  /** The answer to a token that is missing (undefined) or wrong. */
  readonly unauthorized: (given: string | undefined) => Reply;
  /** The status that says that another request writes to the upload. */
  readonly busyStatus: number;
  /** Undefined for a media type in which no chunk comes. */
  readonly packing: (contentType: string | undefined) => Packing | undefined;
}

export const words: Readonly<Record<ServedProtocol, Words>> = {
  pulse: {
    creationPath: '/uploads',
    credentialOf: ({ headers }) => headers['x-upload-token'],
    unauthorized: () => unauthorized('X-Upload-Token'),
    busyStatus: 423,
    packing: (contentType) => {
      const type = mediaType(contentType);
      if (type === OFFSET_OCTET_STREAM || type === 'application/octet-stream') return { kind: 'raw' };
      const boundary = type === 'multipart/form-data' ? boundaryOf(contentType ?? '') : undefined;
      return boundary === undefined ? undefined : { kind: 'form', boundary };
    },
  },
  tus: {
    creationPath: '/files',
    credentialOf: ({ headers }) => bearerToken(headers.authorization),
    unauthorized: () => unauthorized('Bearer'),
    busyStatus: 423,
    packing: rawOnly,
  },
  'pulse-v1': {
    creationPath: '/upload',
    credentialOf: ({ headers, method, path, query }) =>
      bearerToken(headers.authorization) ??
      // A player cannot send a header (protocol v1, 5.1).
      (method === 'GET' && path.startsWith('/artifacts/')
        ? (new URLSearchParams(query).get('token') ?? undefined)
        : undefined),
    unauthorized: (given) =>
      given === undefined ? unauthorized('Bearer') : refusal(403, 'the token is not good for this'),
    // The app takes every 4xx but 429 as final, and a lock goes away by itself.
    busyStatus: 503,
    packing: rawOnly,
  },
};

function rawOnly(contentType: string | undefined): Packing | undefined {
  return mediaType(contentType) === OFFSET_OCTET_STREAM ? { kind: 'raw' } : undefined;
}

function unauthorized(scheme: string): Reply {
  return refusal(401, 'the upload token is missing or wrong', {
    'WWW-Authenticate': `${scheme} realm="uploads"`,
  });
}

export function mediaType(contentType: string | undefined): string | undefined {
  return contentType?.split(';')[0]?.trim().toLowerCase();
}
