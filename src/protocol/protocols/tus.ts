import { TUS_VERSION } from '../headers.ts';
import type { Protocol } from '../protocol.ts';
import { appendRequest, createRequest, statusRequest } from '../tus-requests.ts';

/** Plain tus 1.0: the server URL is the creation endpoint, and nothing says what the server stored but reading it back. */
export const tus: Protocol = {
  id: 'tus',
  credentials: (token) => ({ Authorization: `Bearer ${token}` }),
  create: createRequest,
  status: statusRequest,
  append: appendRequest,
  // No part of tus 1.0, but a custom of many servers: GET at the upload's URL.
  content: {
    request: (_, { uploadUrl }) => ({
      method: 'GET',
      url: uploadUrl,
      headers: { 'Tus-Resumable': TUS_VERSION },
    }),
  },
  recognise: {
    request: (server) => ({ method: 'OPTIONS', url: server, headers: {} }),
    sign: (answer) =>
      (answer.headers['tus-version'] ?? '').split(',').some((version) => version.trim() === TUS_VERSION)
        ? `OPTIONS answered Tus-Version ${answer.headers['tus-version']}`
        : undefined,
  },
};
