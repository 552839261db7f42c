import { TUS_VERSION } from '../headers.ts';
import type { Protocol } from '../protocol.ts';
import { appendRequest, createRequest, statusRequest } from '../tus-requests.ts';

/** Plain tus 1.0: the server URL is the creation endpoint, and nothing says what the server stored. */
export const tus: Protocol = {
  id: 'tus',
  credentials: (token) => ({ Authorization: `Bearer ${token}` }),
  create: createRequest,
  status: statusRequest,
  append: appendRequest,
  recognise: {
    request: (server) => ({ method: 'OPTIONS', url: server, headers: {} }),
    sign: (answer) =>
      (answer.headers['tus-version'] ?? '').split(',').some((version) => version.trim() === TUS_VERSION)
        ? `OPTIONS answered Tus-Version ${answer.headers['tus-version']}`
        : undefined,
  },
};
