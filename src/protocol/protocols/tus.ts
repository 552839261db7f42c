import { TUS_VERSION } from '../headers.ts';
import type { Protocol } from '../protocol.ts';
import { readTusOffer } from '../tus-offer.ts';
import {
  appendRequest,
  createRequest,
  creationWithUpload,
  joinRequest,
  statusRequest,
  terminateRequest,
} from '../tus-requests.ts';
import type { WireRequest } from '../wire.ts';

/** Plain tus 1.0: the server URL is the creation endpoint, and nothing says what the server stored but reading it back. */
export const tus: Protocol = {
  id: 'tus',
  credentials: (token) => ({ Authorization: `Bearer ${token}` }),
  create: createRequest,
  createWithData: creationWithUpload,
  status: statusRequest,
  append: appendRequest,
  terminate: terminateRequest,
  sizeMayFollow: 'creation-defer-length',
  joining: { extension: 'concatenation', request: joinRequest },
  discover: { request: optionsRequest, read: readTusOffer, isOptional: true },
  // No part of tus 1.0, but a custom of many servers: GET at the upload's URL.
  content: {
    request: (_, { uploadUrl }) => ({
      method: 'GET',
      url: uploadUrl,
      headers: { 'Tus-Resumable': TUS_VERSION },
    }),
  },
  recognise: {
    request: optionsRequest,
    sign: (answer) =>
      (answer.headers['tus-version'] ?? '').split(',').some((version) => version.trim() === TUS_VERSION)
        ? `OPTIONS answered Tus-Version ${answer.headers['tus-version']}`
        : undefined,
  },
};

/** Without Tus-Resumable, which a client leaves out of OPTIONS (tus 1.0, Core: Tus-Resumable). */
function optionsRequest(server: URL): WireRequest {
  return { method: 'OPTIONS', url: server, headers: {} };
}
