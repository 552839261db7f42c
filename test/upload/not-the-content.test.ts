import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Bench, plainTus, startBench } from './harness.ts';

const content = Buffer.alloc(3_000, 'the bytes of a video. ');
const size = content.byteLength;
const page = '<!DOCTYPE html><title>Sign in</title>';
const html = { 'Content-Type': 'text/html; charset=utf-8' };

const serve =
  (status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array = content) =>
  (res: ServerResponse) => {
    res.writeHead(status, headers);
    res.end(body);
  };

/** A finished upload of plain tus whose content is asked for, with these answers to GET. */
async function readBack(file: Uint8Array, ...answers: readonly ((res: ServerResponse) => void)[]) {
  const bench = await startBench();
  bench.server.script.GET = answers.map((write) => ({ write }));
  const outcome = await bench.upload(await bench.file(file), { ...plainTus(bench), readBack: true });
  expect(bench.server.script.GET).toEqual([]);
  return { bench, exitCode: outcome.exitCode };
}

function expectNotProven(bench: Bench, warning: RegExp): void {
  expect(bench.of('upload.warning').map(({ message }) => message)).toEqual([expect.stringMatching(warning)]);
  const reason = 'the content could not be read back';
  expect(bench.of('upload.done')).toMatchObject([{ proven: false, reason }]);
  expect(bench.of('upload.failed')).toEqual([]);
}

describe('--read-back proves nothing by an answer that is not the whole content', () => {
  it.each([
    ['a part', 206, { 'Content-Range': `bytes 0-${size - 1}/${size + 10}` }],
    ['a part that calls itself the whole', 206, { 'Content-Range': `bytes 0-${size - 1}/${size}` }],
    ['200 for a part', 200, { 'Content-Range': `bytes 0-${size - 1}/${size + 10}` }],
    ['200 for a part of nobody knows what', 200, { 'Content-Range': `bytes 0-${size - 1}/*` }],
    ['another success', 203, {}],
    ['bytes said to be compressed', 200, { 'Content-Encoding': 'gzip' }],
  ])('%s, be they the bytes of the file', async (_, status, headers) => {
    const { bench, exitCode } = await readBack(content, serve(status, headers));
    expect(exitCode).toBe(0);
    expectNotProven(bench, /^the content cannot be read back: GET .* answered 20[036] /);
  });

  it('but by one whose range is all of the file', async () => {
    const range = { 'Content-Range': `bytes 0-${size - 1}/${size}`, 'Content-Encoding': 'identity' };
    const { bench } = await readBack(content, serve(200, range));
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'read-back' }]);
  });

  it('nor by what came of a broken answer before an empty one', async () => {
    const broken = (res: ServerResponse) => {
      res.writeHead(200, { 'Content-Length': size + 1 });
      res.write(content, () => setImmediate(() => res.destroy()));
    };
    const { bench, exitCode } = await readBack(content, broken, serve(200, {}, ''));
    expect(exitCode).toBe(7);
    expect(bench.of('upload.done')).toEqual([]);
  });
});

describe('--read-back does not call other bytes what says nothing about the content', () => {
  it.each([
    ['no content', serve(204, {}, ''), /answered 204 where 200/],
    ['compressed content', serve(200, { 'Content-Encoding': 'gzip' }, gzipSync(content)), /Encoding: gzip/],
    ['a login page', serve(200, html, page), /answered 200 with a page in place of the content/],
    ['a page longer than the file', serve(200, html, page.padEnd(2 * size)), /with a page in place/],
    [
      'an error as JSON',
      serve(200, { 'Content-Type': 'application/problem+json' }, '{"error":"no"}'),
      /with a message in place/,
    ],
  ])('%s', async (_, answer, warning) => {
    const { bench, exitCode } = await readBack(content, answer);
    expect(exitCode).toBe(0);
    expectNotProven(bench, warning);
  });
});

describe('--read-back of an answer that ends with its connection, and says nowhere how long it is', () => {
  const untilClose = (body: Uint8Array) => (res: ServerResponse) => {
    const head = 'HTTP/1.0 200 OK\r\nContent-Type: video/mp4\r\nConnection: close\r\n\r\n';
    res.socket?.end(Buffer.concat([Buffer.from(head), body]));
  };
  const cut = untilClose(content.subarray(0, 1_000));

  it('asks again where it is too short: it may have been cut off', async () => {
    const { bench } = await readBack(content, cut, untilClose(new Uint8Array(0)), untilClose(content));
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'read-back', retries: 2 }]);
  });

  it('proves nothing by it, and calls it no difference, where it is too short each time', async () => {
    const { bench, exitCode } = await readBack(content, cut, cut, cut, cut);
    expect(exitCode).toBe(0);
    expectNotProven(bench, /cannot be read back: GET .* answered 200 with 1000 of 3000 bytes/);
  });

  it.each([
    ['as many', Buffer.from(content).fill(0, 2_999)],
    ['more', Buffer.concat([content, Buffer.of(0)])],
  ])('finds other bytes where they are %s', async (_, body) => {
    expect((await readBack(content, untilClose(body))).exitCode).toBe(7);
  });
});

describe('--read-back still finds other bytes', () => {
  it.each([
    ['a video under a wrong media type', content, serve(200, html, content.subarray(1))],
    ['a page of the very size of the file', content, serve(200, html, page.padEnd(size))],
    ['a page in place of a page', Buffer.from('<html>the file</html>'), serve(200, html, page)],
    ['a page that is called a video', content, serve(200, { 'Content-Type': 'video/mp4' }, page)],
    ['nothing at all', content, serve(200, html, '')],
  ])('in %s', async (_, file, answer) => {
    const { bench, exitCode } = await readBack(file, answer);
    expect(exitCode).toBe(7);
    expect(bench.of('upload.done')).toEqual([]);
  });

  it('in content without an end, of which it reads one byte more than the file has', async () => {
    let closed: (() => void) | undefined;
    const isClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const endless = (res: ServerResponse) => {
      res.writeHead(200);
      const writing = setInterval(() => res.write(content), 1);
      res.once('close', () => {
        clearInterval(writing);
        closed?.();
      });
    };
    const { bench, exitCode } = await readBack(content, endless);
    expect(exitCode).toBe(7);
    await isClosed;
    expect(bench.of('upload.failed')).toMatchObject([
      { message: expect.stringContaining(`more than ${size} bytes, expected ${size} bytes`) },
    ]);
  });
});
