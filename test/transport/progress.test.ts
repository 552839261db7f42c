import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Method } from '../../src/protocol/wire.ts';
import { createTransport } from '../../src/transport/http.ts';
import { listen } from './listen.ts';
import { cert, key } from './raw-tls-identity.ts';

const MIB = 1_048_576;

function transport() {
  const made = createTransport({ tls: { ca: cert } });
  onTestFinished(() => made.close());
  return made.send;
}

describe('time-outs count from the last progress', () => {
  it.each(['http', 'https'] as const)(
    'a slow reader is waited for, however long the whole takes: %s',
    async (scheme) => {
      const bodyBytes = 24 * MIB;
      let read = 0;
      const serve = (socket: Socket) => {
        socket.on('error', () => {});
        socket.pause();
        const timer = setInterval(() => {
          read += (socket.read(64 * 1024) ?? socket.read() ?? '').length;
          if (read >= bodyBytes) socket.end('HTTP/1.1 204 No\r\n\r\n');
        }, 10);
        socket.on('close', () => clearInterval(timer));
      };
      const server = scheme === 'https' ? createTlsServer({ cert, key }, serve) : createServer(serve);
      const url = new URL(`${scheme}://127.0.0.1:${await listen(server)}/`);
      const startedMs = performance.now();
      const idleTimeoutMs = 2_000;
      const outcome = await transport()(
        { method: 'PATCH', url, headers: {}, body: [Buffer.alloc(bodyBytes)] },
        { idleTimeoutMs, answerTimeoutMs: 60_000 },
      );
      expect(outcome).toMatchObject({ kind: 'answer', status: 204 });
      expect(performance.now() - startedMs).toBeGreaterThan(idleTimeoutMs);
    },
  );

  it.each(['http', 'https'] as const)(
    'interim answers of a server that reads nothing are no progress: %s',
    async (scheme) => {
      const serve = (socket: Socket) => {
        socket.on('error', () => {});
        socket.pause();
        const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 20);
        socket.on('close', () => clearInterval(timer));
      };
      const server = scheme === 'https' ? createTlsServer({ cert, key }, serve) : createServer(serve);
      const url = new URL(`${scheme}://127.0.0.1:${await listen(server)}/`);
      const outcome = await transport()(
        { method: 'PATCH', url, headers: {}, body: [Buffer.alloc(24 * MIB)] },
        { idleTimeoutMs: 400 },
      );
      expect(outcome).toMatchObject({
        cause: 'timeout',
        detail: 'waited 0.4 s for the server to read on',
        delivered: true,
      });
    },
  );

  it('the answer has a limit of its own, from when the request is written', async () => {
    const port = await listen(createServer((socket) => void socket.resume().on('error', () => {})));
    const outcome = await transport()(
      { method: 'PATCH', url: new URL(`http://127.0.0.1:${port}/`), headers: {}, body: [Buffer.alloc(MIB)] },
      { idleTimeoutMs: 60_000, answerTimeoutMs: 300 },
    );
    expect(outcome).toMatchObject({
      cause: 'timeout',
      detail: 'waited 0.3 s for an answer',
      delivered: true,
    });
  });
});

describe('a server that', () => {
  it.each([
    ['closes kept-alive connections without a word', (socket: Socket) => socket.resetAndDestroy()],
    ['sends a body behind a 204, or to HEAD', (socket: Socket) => socket.write('{"ok":true}')],
  ])('%s costs fewer and fewer requests, and never the two that follow such a loss', async (_, spoil) => {
    const port = await listen(
      createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => {
          socket.write('HTTP/1.1 204 No\r\n\r\n');
          socket.once('data', () => spoil(socket));
        });
      }),
    );
    const send = transport();
    const causes: string[] = [];
    for (const method of Array.from({ length: 12 }, (_, n): Method => (n % 2 === 0 ? 'HEAD' : 'GET'))) {
      const url = new URL(`http://127.0.0.1:${port}/`);
      const outcome = await send({ method, url, headers: {} }, { idleTimeoutMs: 20_000 });
      causes.push(outcome.kind === 'break' ? outcome.cause : 'none');
    }
    const lost = causes.map((cause, index) => ({ cause, index })).filter(({ cause }) => cause !== 'none');
    expect(lost).toEqual([1, 4, 9].map((index) => ({ cause: 'reset', index })));
  });

  it.each([
    ['Content-Length: 11', '{"ok":true}'],
    ['Transfer-Encoding: chunked', '0\r\n\r\n'],
  ])(
    'says %s with a 204 is given another connection each time, and nothing is lost',
    async (header, body) => {
      let connections = 0;
      const port = await listen(
        createServer((socket) => {
          connections += 1;
          socket.on('error', () => {});
          socket.once('data', () => {
            socket.write(`HTTP/1.1 204 No\r\n${header}\r\n\r\n`);
            socket.once('data', () => socket.write(body));
          });
        }),
      );
      const send = transport();
      const url = new URL(`http://127.0.0.1:${port}/`);
      for (let n = 0; n < 4; n++) {
        const outcome = await send({ method: 'PATCH', url, headers: {} }, { idleTimeoutMs: 20_000 });
        expect(outcome).toMatchObject({ kind: 'answer', status: 204 });
      }
      expect(connections).toBe(4);
    },
  );

  it('answers no HTTP on a new connection is never taken for one that lost a request', async () => {
    const port = await listen(createServer((socket) => socket.on('error', () => {}).write('{"ok":true}')));
    const url = new URL(`http://127.0.0.1:${port}/`);
    const outcome = await transport()({ method: 'GET', url, headers: {} }, { idleTimeoutMs: 20_000 });
    expect(outcome).toMatchObject({ kind: 'break', cause: 'not-http' });
  });
});
