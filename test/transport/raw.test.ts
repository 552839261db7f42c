import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Connection, RawAnswer, RawBreak } from '../../src/protocol/connection.ts';
import { createDial } from '../../src/transport/raw.ts';
import { type Peer, startPeer } from './raw-peer.ts';
import { cert, key } from './raw-tls-identity.ts';

const dial = createDial();
const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});

async function peer(serve: (socket: Socket) => void, tls?: Parameters<typeof startPeer>[1]): Promise<Peer> {
  const started = await startPeer(serve, tls);
  cleanup.push(started.stop);
  return started;
}

async function connect(origin: URL, open = dial): Promise<Connection> {
  const connection = await open(origin, { timeoutMs: 5000 });
  if ('kind' in connection) throw new Error(connection.detail);
  cleanup.push(connection.close);
  return connection;
}

/** A connection to a server that says this as soon as somebody connects. */
async function hearing(...pieces: (string | ((socket: Socket) => void))[]): Promise<Connection> {
  const { origin } = await peer((socket) => {
    for (const piece of pieces) {
      if (typeof piece === 'string') socket.write(Buffer.from(piece, 'latin1'));
      else piece(socket);
    }
  });
  return connect(origin);
}

const ask = (connection: Connection, method = 'GET', timeoutMs = 5000, bodyBytes = 1000) =>
  connection.answer(method, { timeoutMs, bodyBytes });
const answered = async (reading: Promise<RawAnswer | RawBreak>): Promise<RawAnswer> => {
  const outcome = await reading;
  if (outcome.kind === 'break') throw new Error(`${outcome.cause}: ${outcome.detail}`);
  return outcome;
};
const standStill = (ms: number) => {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
};
const until = async (happened: () => boolean) => {
  for (const endMs = Date.now() + 20_000; !happened() && Date.now() < endMs; )
    await new Promise((r) => setTimeout(r, 5));
  expect(happened()).toBe(true);
};

describe('reading', () => {
  it('gives several answers of one connection, one after another, and what is left over', async () => {
    const connection = await hearing(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
      'HTTP/1.1 204 No Content\r\nA: b\r\n\r\nstray bytes',
    );
    const first = await answered(ask(connection));
    expect(first).toMatchObject({ status: 200, body: Buffer.from('hi') });
    expect(first.interim.map((head) => head.status)).toEqual([100]);
    expect((await answered(ask(connection, 'PATCH'))).headers).toEqual([['A', 'b']]);
    expect(Buffer.from(await connection.unread(20)).toString()).toBe('stray bytes');
    expect(Buffer.from(await connection.unread(0)).toString()).toBe('stray bytes');
  });

  it('says when the first byte came', async () => {
    let clockMs = 7;
    const { origin } = await peer((socket) => socket.write('HTTP/1.1 204 N\r\n\r\n'));
    const connection = await connect(origin, createDial({ nowMs: () => clockMs }));
    while ((await connection.unread(20)).length === 0);
    clockMs = 9;
    expect((await answered(ask(connection))).firstByteMs).toBe(7);
  });

  it.each([
    ['an answer', async (connection: Connection) => (await answered(ask(connection, 'GET', 100))).status],
    ['stray bytes', async (connection: Connection) => (await connection.unread(100)).length],
    ['the end', async (connection: Connection) => (await connection.peerEnd(100)) === 'fin'],
  ])(
    'sees %s that came while the process stood still, before it says that the time is over',
    async (_, read) => {
      const connection = await hearing((socket) => {
        socket.once('data', () => {
          socket.end('HTTP/1.1 204 N\r\n\r\n');
          standStill(300);
        });
      });
      await connection.write(Buffer.from('x'), { timeoutMs: 5000 });
      expect(await read(connection)).toBeTruthy();
    },
  );

  it('counts no standstill of the process as time that the server had', async () => {
    const connection = await hearing((socket) => {
      socket.once('data', async () => {
        for (let standstills = 0; standstills < 3; standstills++) {
          standStill(300);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        socket.write('HTTP/1.1 204 N\r\n\r\n');
      });
    });
    await connection.write(Buffer.from('x'), { timeoutMs: 5000 });
    expect((await answered(ask(connection, 'GET', 600))).status).toBe(204);
  });

  it('takes an answer that arrives byte by byte', async () => {
    const text = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n';
    const connection = await hearing(async (socket) => {
      socket.setNoDelay(true);
      for (const byte of text) {
        socket.write(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    expect(Buffer.from((await answered(ask(connection))).body).toString()).toBe('hi');
  });

  it('lets the orderly end of the connection complete a body without length, and a reset not', async () => {
    const start = 'HTTP/1.1 200 OK\r\n\r\nwhole';
    const ended = await hearing(start, (socket) => socket.end());
    expect(await answered(ask(ended))).toMatchObject({ framing: 'close', body: Buffer.from('whole') });
    const reset = await hearing(start, (socket) => void setTimeout(() => socket.resetAndDestroy(), 50));
    expect(await ask(reset)).toMatchObject({ kind: 'break', cause: 'reset', head: { status: 200 } });
  });

  it.each([
    ['closed', 'without an answer', (socket: Socket) => void socket.end()],
    ['reset', 'without an answer', (socket: Socket) => void setTimeout(() => socket.resetAndDestroy(), 50)],
    ['closed', 'before its head was complete', (socket: Socket) => void socket.end('HTTP/1.1 20')],
    [
      'closed',
      'after 2 of 5 bytes of its body',
      (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab'),
    ],
    [
      'closed',
      'after 1 bytes of its body',
      (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n'),
    ],
    ['not-http', 'it starts with "SSH-2.0-x"', (socket: Socket) => void socket.write('SSH-2.0-x')],
    [
      'too-long',
      'longer than 1000 bytes',
      (socket: Socket) => void socket.write(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(2000)}`),
    ],
  ])('says how an answer failed: %s, %s', async (cause, detail, serve) => {
    const outcome = await ask(await hearing(serve));
    expect(outcome).toMatchObject({ kind: 'break', cause, detail: expect.stringContaining(detail) });
  });

  it('keeps the first bytes of what was no answer, and at most 2 KiB of it', async () => {
    const outcome = await ask(await hearing(`<html>${'x'.repeat(5000)}`));
    expect(outcome.kind === 'break' && Buffer.from(outcome.received).toString().slice(0, 6)).toBe('<html>');
    expect(outcome.kind === 'break' && outcome.received.length).toBe(2048);
  });

  it('bounds the whole answer in time, also where bytes keep dripping', async () => {
    const silent = await ask(await hearing(), 'GET', 60);
    expect(silent).toMatchObject({ cause: 'timeout', detail: 'no answer came within 60 ms' });
    const dripping = await hearing((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('X: y\r\n'), 5);
      socket.on('close', () => clearInterval(timer));
    });
    expect(await ask(dripping, 'GET', 120)).toMatchObject({ cause: 'timeout' });
  });

  it('stops taking in a flood that nobody reads', async () => {
    let writtenBytes = 0;
    const connection = await hearing((socket) => {
      const block = Buffer.alloc(256 * 1024, 'x');
      const more = () => {
        while (!socket.destroyed && socket.write(block)) writtenBytes += block.length;
        socket.once('drain', more);
      };
      more();
    });
    const bytes = await connection.unread(20_000);
    expect(bytes.length).toBeGreaterThanOrEqual(1024 * 1024);
    expect(bytes.length).toBeLessThan(2 * 1024 * 1024);
    const before = (await connection.unread(100)).length;
    expect(before).toBe(bytes.length);
    expect(writtenBytes).toBeLessThan(64 * 1024 * 1024);
    expect(await ask(connection)).toMatchObject({ cause: 'not-http' });
  });
});

describe('writing', () => {
  it('puts every byte on the wire as given, in segments with pauses', async () => {
    const arrivals: string[] = [];
    const { origin, received } = await peer((socket) =>
      socket.on('data', (bytes) => arrivals.push(bytes.toString())),
    );
    const connection = await connect(origin);
    const pace = { segmentBytes: 3, pauseMs: 100, timeoutMs: 20_000 };
    const writing = connection.write(Buffer.from('12345678'), pace);
    // The kernel has the first segment, and nobody reads it for longer than the pause.
    await new Promise((resolve) => process.nextTick(resolve));
    standStill(300);
    expect(await writing).toBe(8);
    await until(() => Buffer.concat(received).length === 8);
    expect(arrivals).toEqual(['123', '456', '78']);
  });

  it('stalls on demand: what is not written does not arrive', async () => {
    const { origin, received } = await peer(() => {});
    const connection = await connect(origin);
    await connection.write(Buffer.from('half'), { timeoutMs: 5000 });
    await until(() => received.length > 0);
    await connection.unread(60);
    expect(Buffer.concat(received).toString()).toBe('half');
  });

  it('half-closes: the peer sees the end and can still answer', async () => {
    const { origin, received } = await peer((socket) => {
      socket.on('end', () => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'));
    });
    const connection = await connect(origin);
    await connection.write(Buffer.from('cut here'), { timeoutMs: 5000 });
    connection.fin();
    expect((await answered(ask(connection))).status).toBe(400);
    expect(await connection.peerEnd(5000)).toBe('fin');
    expect(Buffer.concat(received).toString()).toBe('cut here');
  });

  it('resets: the peer sees ECONNRESET', async () => {
    let code: string | undefined;
    const { origin, received } = await peer((socket) => {
      socket.on('error', (error: NodeJS.ErrnoException) => {
        code = error.code;
      });
    });
    const connection = await connect(origin);
    await connection.write(Buffer.from('x'), { timeoutMs: 5000 });
    await until(() => received.length > 0);
    connection.reset();
    await until(() => code !== undefined);
    expect(code).toBe('ECONNRESET');
  });

  it('closes: what was written is delivered, then the end', async () => {
    let ended = false;
    const { origin, received } = await peer((socket) => socket.on('end', () => (ended = true)));
    const connection = await connect(origin);
    const bytes = Buffer.alloc(3_000_000, 'x');
    expect(await connection.write(bytes, { timeoutMs: 5000 })).toBe(bytes.length);
    connection.close();
    await until(() => ended);
    expect(Buffer.concat(received).length).toBe(bytes.length);
  });

  it('notices a peer that has answered and stopped reading, and keeps its answer', async () => {
    const connection = await hearing((socket) => {
      socket.pause();
      socket.write('HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n');
    });
    const bytes = Buffer.alloc(64 * 1024 * 1024);
    expect(await connection.write(bytes, { timeoutMs: 20_000 })).toBeLessThan(bytes.length);
    expect((await answered(ask(connection))).status).toBe(409);
  });

  it('does not take 100 Continue for an answer while the peer is slow to read', async () => {
    const { origin, received } = await peer((socket) => {
      socket.pause();
      socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      setTimeout(() => socket.resume(), 700);
    });
    const connection = await connect(origin);
    const bytes = Buffer.alloc(16 * 1024 * 1024);
    expect(await connection.write(bytes, { timeoutMs: 20_000 })).toBe(bytes.length);
    await until(() => Buffer.concat(received).length === bytes.length);
  });

  it('gives up on a peer that does not read, when its time is over', async () => {
    const connection = await hearing((socket) => void socket.pause());
    const bytes = Buffer.alloc(64 * 1024 * 1024);
    expect(await connection.write(bytes, { timeoutMs: 300 })).toBeLessThan(bytes.length);
  });

  it('says how much it wrote before the connection broke', async () => {
    const connection = await hearing((socket) => void socket.once('data', () => socket.resetAndDestroy()));
    const bytes = Buffer.alloc(64 * 1024 * 1024);
    expect(await connection.write(bytes, { timeoutMs: 20_000 })).toBeLessThan(bytes.length);
    expect(await ask(connection)).toMatchObject({ cause: 'reset' });
    expect(await connection.write(Buffer.from('more'), { timeoutMs: 1000 })).toBe(0);
  });
});

describe('connecting', () => {
  it('says why there is no connection', async () => {
    const nobody = new URL('http://127.0.0.1:1');
    expect(await dial(nobody, { timeoutMs: 5000 })).toMatchObject({ kind: 'break', cause: 'refused' });
    const nowhere = new URL('http://does-not-exist.invalid');
    expect(await dial(nowhere, { timeoutMs: 20_000 })).toMatchObject({
      kind: 'break',
      cause: 'unknown-host',
    });
  });

  it('speaks TLS, and refuses a certificate that it does not know', async () => {
    const secure = await peer((socket) => socket.write('HTTP/1.1 204 N\r\n\r\n'), { cert, key });
    expect(await dial(secure.origin, { timeoutMs: 5000 })).toMatchObject({ kind: 'break', cause: 'tls' });
    const connection = await connect(secure.origin, createDial({ tls: { ca: cert } }));
    expect((await answered(ask(connection))).status).toBe(204);
  });

  it('half-closes and resets under TLS too', async () => {
    const seen: string[] = [];
    const secure = await peer(
      (socket) => {
        socket.on('end', () => seen.push('end'));
        socket.on('error', () => seen.push('error'));
        socket.once('data', () => socket.write('HTTP/1.1 204 N\r\n\r\n'));
      },
      { cert, key },
    );
    const trusting = createDial({ tls: { ca: cert } });
    for (const [end, sight] of [
      ['fin', 'end'],
      ['reset', 'error'],
    ] as const) {
      const connection = await connect(secure.origin, trusting);
      await connection.write(Buffer.from('x'), { timeoutMs: 5000 });
      expect((await answered(ask(connection))).status).toBe(204);
      connection[end]();
      await until(() => seen.includes(sight));
    }
  });

  it('bounds the time of a TLS handshake that never ends', async () => {
    const { origin } = await peer(() => {});
    const secure = new URL(origin.href.replace('http:', 'https:'));
    expect(await dial(secure, { timeoutMs: 100 })).toMatchObject({ cause: 'timeout' });
  });
});
