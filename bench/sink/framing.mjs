/**
 * The least of HTTP/1.1 that a sink needs: where a request's head ends, and how many body bytes follow.
 * A full parser would cost the sink time that the clients would then be waiting for.
 */

const HEAD_END = Buffer.from('\r\n\r\n');
const MAX_HEAD_BYTES = 16 * 1024;

/**
 * @typedef {object} Request
 * @property {string} method
 * @property {string} path
 * @property {ReadonlyMap<string, string>} headers Names in lower case.
 * @property {Buffer} body Empty for PATCH, whose body is counted and dropped.
 * @property {number} bodyBytes
 */

/**
 * Reads one head.
 * @param {string} text Without the empty line that ends it.
 * @returns {Request}
 * @throws {Error} for what the sink cannot frame: no length it can trust means no count it can trust.
 */
export function parseHead(text) {
  const [requestLine = '', ...lines] = text.split('\r\n');
  const [method = '', path = '', version] = requestLine.split(' ');
  if (version !== 'HTTP/1.1') throw new Error(`not an HTTP/1.1 request line: ${requestLine}`);
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  if (headers.has('transfer-encoding')) throw new Error('Transfer-Encoding: the sink needs Content-Length');
  const bodyBytes = Number(headers.get('content-length') ?? '0');
  if (!Number.isSafeInteger(bodyBytes) || bodyBytes < 0) throw new Error('unusable Content-Length');
  return { method, path, headers, body: Buffer.alloc(0), bodyBytes };
}

/**
 * Cuts the bytes of one connection into requests.
 * @param {{ onPayload: (bytes: number) => void, onRequest: (request: Request) => void }} listener
 *   `onPayload` counts PATCH bodies as they arrive, those of requests that never complete included.
 * @returns {(bytes: Buffer) => void} takes the bytes in the order of their arrival
 */
export function frameRequests({ onPayload, onRequest }) {
  /** @type {Buffer} */
  let head = Buffer.alloc(0);
  /** @type {Request | undefined} */
  let request;
  let missingBytes = 0;
  /** @type {Buffer[]} */
  let kept = [];

  /** @param {Buffer} bytes @returns {Buffer} what follows the head, or nothing where it is incomplete */
  function takeHead(bytes) {
    head = head.length === 0 ? bytes : Buffer.concat([head, bytes]);
    const end = head.indexOf(HEAD_END);
    if (end < 0 && head.length > MAX_HEAD_BYTES) throw new Error('the head of a request is too long');
    if (end < 0) return Buffer.alloc(0);
    request = parseHead(head.toString('latin1', 0, end));
    missingBytes = request.bodyBytes;
    const rest = head.subarray(end + HEAD_END.length);
    head = Buffer.alloc(0);
    return rest;
  }

  /** @param {Request} current @param {Buffer} bytes @returns {Buffer} what follows the body */
  function takeBody(current, bytes) {
    const part = bytes.subarray(0, missingBytes);
    missingBytes -= part.length;
    if (current.method === 'PATCH') onPayload(part.length);
    else kept.push(part);
    return bytes.subarray(part.length);
  }

  return (bytes) => {
    let rest = bytes;
    while (rest.length > 0) {
      rest = request === undefined ? takeHead(rest) : takeBody(request, rest);
      if (request === undefined || missingBytes > 0) continue;
      const complete = kept.length === 0 ? request : { ...request, body: Buffer.concat(kept) };
      request = undefined;
      kept = [];
      onRequest(complete);
    }
  };
}
