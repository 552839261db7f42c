import { expect, test } from 'vitest';
import { createUploads, replyText } from '../../bench/sink/uploads.mjs';

const sha256 = 'ab'.repeat(32);

function sinkFor(sizeBytes: number) {
  let nowMs = 0;
  const uploads = createUploads(new Map([[sizeBytes, sha256]]), () => {
    nowMs += 10;
    return nowMs;
  });
  const ask = (method: string, path: string, headers: Record<string, string> = {}, json?: unknown) => {
    const body = json === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(json));
    const bodyBytes = Number(headers['content-length'] ?? body.length);
    return uploads.answer({ method, path, headers: new Map(Object.entries(headers)), body, bodyBytes });
  };
  const create = () => ask('POST', '/uploads', { 'upload-length': String(sizeBytes) });
  const append = (path: string, offset: number, bytes: number) =>
    ask('PATCH', path, { 'upload-offset': String(offset), 'content-length': String(bytes) });
  return { ask, create, append, take: uploads.take, countPayload: uploads.countPayload };
}

test('an upload goes from creation to finalize, and is told as it was', () => {
  const { ask, create, append, take, countPayload } = sinkFor(30);
  const path = String(create().headers?.Location);
  expect(append(path, 0, 20)).toEqual({ status: '204 No Content', headers: { 'Upload-Offset': 20 } });
  append(path, 20, 10);
  countPayload(30);
  expect(ask('POST', '/uploads/finalize', {}, { uploadId: path.split('/').at(-1) }).json).toMatchObject({
    size: 30,
    status: 'complete',
    checksum: `sha256:${sha256}`,
  });
  const upload = { lengthBytes: 30, offsetBytes: 30, patches: 2, finalized: true, transferMs: 20 };
  expect(take()).toEqual({ payloadBytes: 30, uploads: [upload] });
});

test('what was told once is forgotten', () => {
  const { create, take, countPayload } = sinkFor(1);
  create();
  countPayload(1);
  take();
  expect(take()).toEqual({ payloadBytes: 0, uploads: [] });
});

test('HEAD tells offset and length', () => {
  const { ask, create, append } = sinkFor(30);
  const path = String(create().headers?.Location);
  append(path, 0, 20);
  expect(ask('HEAD', path).headers).toEqual({ 'Upload-Offset': 20, 'Upload-Length': 30 });
});

test('a chunk at another offset, or beyond the end, changes nothing', () => {
  const { ask, create, append } = sinkFor(30);
  const path = String(create().headers?.Location);
  expect(append(path, 5, 10).status).toMatch(/^409/);
  expect(append(path, 0, 31).status).toMatch(/^413/);
  expect(ask('HEAD', path).headers?.['Upload-Offset']).toBe(0);
});

test('an incomplete upload gets no checksum', () => {
  const { ask, create, append } = sinkFor(30);
  const path = String(create().headers?.Location);
  append(path, 0, 29);
  expect(ask('POST', '/uploads/finalize', {}, { uploadId: path.split('/').at(-1) }).status).toMatch(/^409/);
});

test('what it does not know is 404', () => {
  const { ask } = sinkFor(30);
  expect(ask('HEAD', '/uploads/9').status).toMatch(/^404/);
  expect(ask('DELETE', '/uploads').status).toMatch(/^404/);
});

test('it is healthy', () => {
  expect(sinkFor(1).ask('GET', '/health').json).toEqual({ status: 'OK' });
});

test('a 204 carries no length, and every other answer says where it ends', () => {
  expect(replyText({ status: '204 No Content' })).not.toMatch(/content-length/i);
  expect(replyText({ status: '404 Not Found' })).toContain('Content-Length: 0\r\n');
  expect(replyText({ status: '200 OK', json: { a: 1 } })).toMatch(/Content-Length: 7\r\n\r\n\{"a":1\}$/);
});
