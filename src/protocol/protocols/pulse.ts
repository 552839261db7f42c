import { randomUUID } from 'node:crypto';
import { parseSha256, TUS_VERSION } from '../headers.ts';
import { jsonObject } from '../json.ts';
import { asMultipart } from '../multipart.ts';
import type { Finalized, Protocol } from '../protocol.ts';
import { appendRequest, createRequest, statusRequest, terminateRequest } from '../tus-requests.ts';
import { below } from '../urls.ts';
import type { Answer } from '../wire.ts';

/** The Pulse Cam facade: tus requests below /uploads, and a finalize that answers the stored file's checksum. */
export const pulse: Protocol = {
  id: 'pulse',
  credentials: (token) => ({ 'X-Upload-Token': token }),
  create: (server, upload) => createRequest(below(server, 'uploads'), upload),
  status: statusRequest,
  append: (url, chunk, body) =>
    body === 'raw'
      ? appendRequest(url, chunk)
      : asMultipart(appendRequest(url, chunk), `pulse-${randomUUID()}`),
  hasForms: true,
  // No part of the facade, but what a tus server behind it may offer.
  terminate: terminateRequest,
  finalize: {
    request: (server, { uploadId, filename, token }) => ({
      method: 'POST',
      url: below(server, 'uploads/finalize'),
      headers: { 'Content-Type': 'application/json', 'Tus-Resumable': TUS_VERSION },
      body: [Buffer.from(JSON.stringify({ uploadId, filename, ...(token && { uploadToken: token }) }))],
    }),
    read: readFinalized,
  },
  isAssumed: true,
  recognise: {
    request: (server) => ({ method: 'GET', url: below(server, 'health'), headers: {} }),
    sign: (answer) =>
      answer.status === 200 && jsonObject(answer.body)?.status === 'OK' ? '/health answered OK' : undefined,
    creation: 'uploads',
  },
};

const FINALIZED_FIELDS = ['videoId', 'status', 'size', 'checksum'];

/** Servers in use write the size as a number or as digits, and the checksum with or without its prefix. */
function readFinalized(answer: Answer): Finalized | undefined {
  const json = jsonObject(answer.body);
  if (json === undefined) return undefined;
  // An error, or a login page's JSON, with status 200 is no answer to finalize.
  if (!FINALIZED_FIELDS.some((field) => Object.hasOwn(json, field))) return undefined;
  const { size, checksum, status, error } = json;
  const sizeBytes = numberIn(size);
  const sha256 = parseSha256(checksum);
  const hasFailed = !isNothing(error) || (typeof status === 'string' && FAILED.test(status));
  return {
    ...(typeof json.videoId === 'string' && { videoId: json.videoId }),
    ...(typeof status === 'string' && { status }),
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(sizeBytes === undefined && isSaid(size) && { otherSize: asWritten(size) }),
    ...(sha256 !== undefined && { sha256 }),
    ...(sha256 === undefined && isSaid(checksum) && { otherChecksum: asWritten(checksum) }),
    ...(hasFailed && { hasFailed }),
  };
}

const FAILED = /^\s*(?:failed|failure|error)\s*$/i;

/** What stands in the field of an error where there is none. */
function isNothing(error: unknown): boolean {
  return ['null', 'false', '0', '""', '{}', '[]'].includes(JSON.stringify(error ?? null));
}

/** A number, or the text of one (RFC 8259, 6). One that cannot be a size is still not the file's. */
function numberIn(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  const isNumber = typeof value === 'string' && /^\s*-?\d+(?:\.\d+)?(?:e[+-]?\d+)?\s*$/i.test(value);
  return isNumber ? Number(value) : undefined;
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function asWritten(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
