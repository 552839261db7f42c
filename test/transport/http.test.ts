import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { WireRequest } from '../../src/protocol/wire.ts';
import { createTransport } from '../../src/transport/http.ts';

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A server that does this to each connection once its first bytes have come. */
async function startRaw(answer: (socket: Socket, head: string) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', (data) => answer(socket, data.toString('latin1')));
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  return listen(server);
}

function transport() {
  const made = createTransport();
  onTestFinished(() => made.close());
  return made.send;
}

const request = (port: number, changes: Partial<WireRequest> = {}): WireRequest => ({
  method: 'PATCH',
  url: new URL(`http://127.0.0.1:${port}/uploads/1?x=1`),
  headers: { 'X-Test': 'yes' },
  body: [Buffer.from('hello '), Buffer.from('world')],
  ...changes,
});

describe('send', () => {
  it('sends method, path, headers and all parts of the body, and reads the whole answer', async () => {
    const server = createHttpServer(async (req, res) => {
      const parts: Buffer[] = [];
      for await (const part of req) parts.push(part as Buffer);
      res.setHeader('Set-Cookie', ['a', 'b']);
      res.end(
        `${req.method} ${req.url} ${req.headers['x-test']} ${req.headers['content-length']} ${Buffer.concat(parts)}`,
      );
    });
    const outcome = await transport()(request(await listen(server)), { idleTimeoutMs: 5_000 });
    expect(outcome).toMatchObject({ kind: 'answer', status: 200, headers: { 'set-cookie': 'a, b' } });
    expect(String(outcome.kind === 'answer' && outcome.body)).toBe('PATCH /uploads/1?x=1 yes 11 hello world');
  });

  it('states the length of an empty POST', async () => {
    const port = await startRaw((socket, head) =>
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n${head}`),
    );
    const outcome = await transport()(
      { ...request(port, { method: 'POST' }), body: [] },
      { idleTimeoutMs: 5_000 },
    );
    expect(String(outcome.kind === 'answer' && outcome.body)).toMatch(/content-length: 0/i);
  });

  it('follows no redirect', async () => {
    const port = await startRaw((socket) =>
      socket.end('HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n'),
    );
    expect(await transport()(request(port), { idleTimeoutMs: 5_000 })).toMatchObject({
      kind: 'answer',
      status: 307,
    });
  });

  it('passes over an interim 100 that was not asked for', async () => {
    const port = await startRaw((socket) =>
      socket.end('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n'),
    );
    expect(await transport()(request(port), { idleTimeoutMs: 5_000 })).toMatchObject({ status: 204 });
  });

  it('tells how many body bytes went out', async () => {
    const seen: number[] = [];
    const port = await startRaw((socket) => socket.end('HTTP/1.1 204 No\r\n\r\n'));
    await transport()(request(port), { idleTimeoutMs: 5_000, onBodyBytes: (bytes) => seen.push(bytes) });
    expect(seen).toEqual([6, 11]);
  });

  it('rejects with the reason of the signal, at once', async () => {
    const port = await startRaw(() => {});
    const reason = new Error('enough');
    const signal = AbortSignal.timeout(50);
    const stop = new AbortController();
    signal.addEventListener('abort', () => stop.abort(reason));
    await expect(transport()(request(port), { idleTimeoutMs: 60_000, signal: stop.signal })).rejects.toBe(
      reason,
    );
  });
});

describe('what is no answer', () => {
  const outcomeOf = async (port: number, changes: Partial<WireRequest> = {}, idleTimeoutMs = 300) =>
    transport()(request(port, changes), { idleTimeoutMs });

  it.each([
    ['silence', () => {}, 'timeout', true],
    ['an answer that stops in mid-head', (s: Socket) => s.write('HTTP/1.1 200 O'), 'timeout', true],
    [
      'an answer that stops in mid-body',
      (s: Socket) => s.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour'),
      'timeout',
      true,
    ],
    ['a connection closed before the answer', (s: Socket) => s.end(), 'reset', true],
    ['a reset', (s: Socket) => s.resetAndDestroy(), 'reset', true],
    [
      'a body that ends early',
      (s: Socket) => s.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour'),
      'reset',
      true,
    ],
    ['bytes that are not HTTP', (s: Socket) => s.end('SSH-2.0-OpenSSH_9.2\r\n'), 'not-http', true],
    ['an endless body', (s: Socket) => flood(s, 'HTTP/1.1 200 OK\r\n\r\n'), 'too-long', true],
    ['endless headers', (s: Socket) => flood(s, 'HTTP/1.1 200 OK\r\n'), 'too-long', true],
  ] as const)('%s', async (_, act, cause, delivered) => {
    // Only what ends in a time-out may wait for a short one: a busy machine is slower than the rest.
    const outcome = await outcomeOf(await startRaw(act), {}, cause === 'timeout' ? 300 : 20_000);
    expect(outcome).toMatchObject({ kind: 'break', cause, delivered });
  });

  it('a drip that never ends is bounded', async () => {
    const port = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const timer = setInterval(() => socket.write('.'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    expect(await outcomeOf(port)).toMatchObject({ kind: 'break', cause: 'timeout' });
  });

  it('nothing listening', async () => {
    const outcome = await outcomeOf(1, {}, 20_000);
    expect(outcome).toMatchObject({
      cause: 'refused',
      delivered: false,
      detail: expect.stringContaining('nothing is listening'),
    });
  });

  it('an unknown host', async () => {
    const outcome = await outcomeOf(1, { url: new URL('http://no-such-host.invalid/') }, 20_000);
    expect(outcome).toMatchObject({ cause: 'unknown-host', delivered: false });
  });

  // Other systems answer in their own way where nobody accepts connections any more.
  it.skipIf(process.platform !== 'linux')('an address where nobody accepts connections', async () => {
    const outcome = await outcomeOf(await startFull());
    expect(outcome).toMatchObject({ cause: 'timeout', delivered: false });
    expect(outcome).toMatchObject({ detail: 'waited 0.3 s for a connection' });
  });

  it('a server that reads nothing of a large body', async () => {
    const port = await startRaw((socket) => void socket.pause());
    const outcome = await outcomeOf(port, { body: [Buffer.alloc(32 * 1024 * 1024)] });
    expect(outcome).toMatchObject({
      cause: 'timeout',
      detail: expect.stringContaining('the server to read on'),
    });
  });

  it('a certificate that nobody vouches for', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-tls-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    try {
      const subject = [
        '-subj',
        '/CN=127.0.0.1',
        '-keyout',
        join(dir, 'key.pem'),
        '-out',
        join(dir, 'cert.pem'),
      ];
      execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...subject], {
        stdio: 'ignore',
      });
    } catch {
      console.error('skipped: no openssl to make a certificate with');
      return;
    }
    const server = createTlsServer({
      key: readFileSync(join(dir, 'key.pem')),
      cert: readFileSync(join(dir, 'cert.pem')),
    });
    const port = await listen(server);
    const outcome = await outcomeOf(port, { url: new URL(`https://127.0.0.1:${port}/`) });
    expect(outcome).toMatchObject({
      cause: 'tls',
      delivered: false,
      detail: expect.stringContaining('self-signed'),
    });
  });
});

/** A process that listens and accepts nothing, with as many connections waiting as the system lets wait. */
async function startFull(): Promise<number> {
  const listener = `
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:fs').writeSync(1, String(server.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ['-e', listener], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const port = Number(String((await once(child.stdout, 'data'))[0]));
  const waiting = Array.from({ length: 2 }, () => connect({ port, host: '127.0.0.1' }).on('error', () => {}));
  onTestFinished(() => {
    for (const socket of waiting) socket.destroy();
  });
  await Promise.all(waiting.map((socket) => once(socket, 'connect')));
  return port;
}

/** Writes for as long as the other side reads. */
function flood(socket: Socket, head: string): void {
  socket.write(head);
  const line = `X-Filler: ${'x'.repeat(1_000)}\r\n`;
  const more = () => {
    while (!socket.destroyed && socket.write(line));
  };
  socket.on('drain', more);
  more();
}
