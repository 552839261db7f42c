/**
 * What the sink knows of its uploads, and what it answers. It keeps offsets and counts, never a byte.
 * @typedef {import('./framing.mjs').Request} Request
 */

/**
 * One upload as the sink saw it. Times are those of the sink's own clock.
 * @typedef {object} SeenUpload
 * @property {number} lengthBytes
 * @property {number} offsetBytes
 * @property {number} patches
 * @property {boolean} finalized
 * @property {number} transferMs From the creation request to the answer of the last PATCH.
 */

/**
 * Everything since the last time it was asked. `payloadBytes` counts repeats and cut requests too.
 * @typedef {{ payloadBytes: number, uploads: SeenUpload[] }} Tally
 */

/** @typedef {{ status: string, headers?: Record<string, string | number>, json?: unknown }} Reply */

/**
 * @param {ReadonlyMap<number, string>} sha256BySize The digest to claim for a complete upload of that size: the
 *   sink throws the bytes away, so it has to be told.
 * @param {() => number} nowMs
 */
export function createUploads(sha256BySize, nowMs) {
  /** @type {Map<string, SeenUpload & { startedMs: number }>} */
  const uploads = new Map();
  let payloadBytes = 0;
  let created = 0;

  /** @type {Record<string, (request: Request) => Reply>} */
  const fixedRoutes = {
    'GET /health': () => ({ status: '200 OK', json: { status: 'OK' } }),
    'POST /uploads': create,
    'POST /uploads/finalize': finalize,
  };
  /** @type {Record<string, (request: Request, upload: SeenUpload & { startedMs: number }) => Reply>} */
  const uploadRoutes = { PATCH: append, HEAD: tellOffset };

  /** @param {Request} request @returns {Reply} */
  function create(request) {
    const lengthBytes = Number(request.headers.get('upload-length'));
    if (!Number.isSafeInteger(lengthBytes)) return { status: '400 Bad Request' };
    created += 1;
    uploads.set(String(created), {
      lengthBytes,
      offsetBytes: 0,
      patches: 0,
      finalized: false,
      startedMs: nowMs(),
      transferMs: 0,
    });
    return { status: '201 Created', headers: { Location: `/uploads/${created}` } };
  }

  /** @param {Request} request @param {SeenUpload & { startedMs: number }} upload @returns {Reply} */
  function append(request, upload) {
    const offset = Number(request.headers.get('upload-offset'));
    if (offset !== upload.offsetBytes) return { status: '409 Conflict' };
    if (offset + request.bodyBytes > upload.lengthBytes) return { status: '413 Content Too Large' };
    upload.offsetBytes += request.bodyBytes;
    upload.patches += 1;
    upload.transferMs = nowMs() - upload.startedMs;
    return { status: '204 No Content', headers: { 'Upload-Offset': upload.offsetBytes } };
  }

  /** @param {Request} _request @param {SeenUpload} upload @returns {Reply} */
  function tellOffset(_request, upload) {
    return {
      status: '200 OK',
      headers: { 'Upload-Offset': upload.offsetBytes, 'Upload-Length': upload.lengthBytes },
    };
  }

  /** @param {Request} request @returns {Reply} */
  function finalize(request) {
    const { uploadId } = JSON.parse(request.body.toString('utf8'));
    const upload = uploads.get(String(uploadId));
    if (upload === undefined) return { status: '404 Not Found' };
    const sha256 = sha256BySize.get(upload.lengthBytes);
    if (sha256 === undefined || upload.offsetBytes !== upload.lengthBytes) return { status: '409 Conflict' };
    upload.finalized = true;
    return {
      status: '200 OK',
      json: { videoId: uploadId, status: 'complete', size: upload.lengthBytes, checksum: `sha256:${sha256}` },
    };
  }

  return {
    /** @param {number} bytes */
    countPayload(bytes) {
      payloadBytes += bytes;
    },

    /** @param {Request} request @returns {Reply} */
    answer(request) {
      const fixed = fixedRoutes[`${request.method} ${request.path}`];
      if (fixed !== undefined) return fixed(request);
      const upload = uploads.get(request.path.replace(/^\/uploads\//, ''));
      const route = uploadRoutes[request.method];
      return upload === undefined || route === undefined
        ? { status: '404 Not Found' }
        : route(request, upload);
    },

    /** Says what happened since the last call, and forgets it. @returns {Tally} */
    take() {
      const seen = [...uploads.values()].map(({ startedMs: _, ...upload }) => upload);
      const tally = { payloadBytes, uploads: seen };
      uploads.clear();
      payloadBytes = 0;
      return tally;
    },
  };
}

/** @param {Reply} reply @returns {string} */
export function replyText({ status, headers = {}, json }) {
  const body = json === undefined ? '' : JSON.stringify(json);
  // A 204 must not carry Content-Length (RFC 9110, 8.6); everything else says where it ends.
  const framing = status.startsWith('204')
    ? {}
    : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  const lines = Object.entries({ 'Tus-Resumable': '1.0.0', ...headers, ...framing });
  return `HTTP/1.1 ${status}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}
