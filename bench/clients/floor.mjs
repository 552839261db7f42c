/**
 * The floor: the same requests with the same headers and bytes over one bare socket, without retries, time-outs, state
 * or parsing. Arguments: FILE PORT CHUNK_BYTES [sha256]. With the last one it computes the file's checksum, too, and
 * compares it with the server's. The next chunk is read (and hashed) while the current one is on its way; reading with
 * readSync is what measured fastest (the page cache answers at once, a thread hop costs more).
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { connect } from 'node:net';
import { basename } from 'node:path';

const [file = '', port, chunkBytesText, algorithm] = process.argv.slice(2);
const chunkBytes = Number(chunkBytesText);
const fd = openSync(file, 'r');
const sizeBytes = fstatSync(fd).size;
const hash = algorithm === undefined ? undefined : createHash(algorithm);

/** Two buffers in turn: one is being sent while the other is filled. */
const buffers = [Buffer.allocUnsafeSlow(chunkBytes), Buffer.allocUnsafeSlow(chunkBytes)];

/** @param {number} offset */
function readChunk(offset) {
  const buffer = buffers[(offset / chunkBytes) % 2];
  if (buffer === undefined) throw new Error('an offset between two chunks');
  const chunk = buffer.subarray(0, readSync(fd, buffer, 0, chunkBytes, offset));
  hash?.update(chunk);
  return chunk;
}

const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true });
/** @type {{ resolve: (answer: string) => void, reject: (error: Error) => void } | undefined} */
let waiting;
let answer = '';
socket.on('data', (bytes) => {
  answer += bytes.toString('latin1');
  const headEnd = answer.indexOf('\r\n\r\n');
  if (headEnd < 0) return;
  const bodyBytes = Number(/^content-length: (\d+)/im.exec(answer)?.[1] ?? 0);
  if (answer.length < headEnd + 4 + bodyBytes) return;
  const complete = answer;
  answer = '';
  waiting?.resolve(complete);
});
socket.on('error', (error) => waiting?.reject(error));
socket.on('close', () => waiting?.reject(new Error('the sink closed the connection')));

/**
 * @param {string} head Request line and headers, without those that every request has.
 * @param {Uint8Array | undefined} body Absent where the request has no length, either.
 * @param {number} expectedStatus
 * @returns {Promise<string>}
 */
async function exchange(head, body, expectedStatus) {
  /** @type {Promise<string>} */
  const answered = new Promise((resolve, reject) => {
    waiting = { resolve, reject };
  });
  const length = body === undefined ? '' : `Content-Length: ${body.length}\r\n`;
  const usual = `Tus-Resumable: 1.0.0\r\nHost: 127.0.0.1:${port}\r\nConnection: keep-alive\r\n${length}`;
  socket.cork();
  socket.write(`${head}\r\n${usual}\r\n`, 'latin1');
  if (body !== undefined && body.length > 0) socket.write(body);
  socket.uncork();
  const text = await answered;
  if (!text.startsWith(`HTTP/1.1 ${expectedStatus} `)) throw new Error(`unexpected answer: ${text}`);
  return text;
}

const filename = basename(file);
/** @param {string} text */
const base64 = (text) => Buffer.from(text).toString('base64');
const metadata = `filename ${base64(filename)},filetype ${base64('application/octet-stream')}`;
const created = await exchange(
  `POST /uploads HTTP/1.1\r\nUpload-Length: ${sizeBytes}\r\nUpload-Metadata: ${metadata}`,
  Buffer.alloc(0),
  201,
);
const path = /^location: (.+)$/im.exec(created)?.[1]?.trim();
if (path === undefined) throw new Error('the sink gave no Location');

await exchange(`HEAD ${path} HTTP/1.1\r\nCache-Control: no-cache`, undefined, 200);

let chunk = readChunk(0);
for (let offset = 0; offset < sizeBytes; ) {
  const head = `PATCH ${path} HTTP/1.1\r\nContent-Type: application/offset+octet-stream\r\nUpload-Offset: ${offset}`;
  const answered = exchange(head, chunk, 204);
  offset += chunk.length;
  if (offset < sizeBytes) chunk = readChunk(offset);
  await answered;
}

const uploadId = path.slice(path.lastIndexOf('/') + 1);
const wish = Buffer.from(JSON.stringify({ uploadId, filename }));
const finalized = await exchange(
  'POST /uploads/finalize HTTP/1.1\r\nContent-Type: application/json',
  wish,
  200,
);
if (hash !== undefined && !finalized.includes(hash.digest('hex')))
  throw new Error(`another checksum: ${finalized}`);

waiting = undefined;
socket.destroy();
closeSync(fd);
