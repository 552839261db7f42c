import { createServer } from 'node:https';
import { connect, createServer as createTcpServer } from 'node:net';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createTransport } from '../../src/transport/http.ts';
import { type Identity, makeAuthority, makeIdentity } from './certificates.ts';
import { listen } from './listen.ts';

/** Long enough for a busy machine; only what hangs would meet it. */
const LIMIT_MS = 20_000;
const BODY_BYTES = 1024 * 1024;

let authority: Identity;
let identity: Identity;

beforeAll(async () => {
  authority = await makeAuthority('Corruption Test Authority');
  identity = await makeIdentity({ name: 'server', hosts: ['127.0.0.1'], by: authority });
});

interface Flip {
  readonly of: 'request' | 'answer';
  /** Once so many bytes have gone towards the server. */
  readonly afterBytes: number;
}

/** A relay that flips one bit, once, of what it passes on to or from the server on `port`. */
function startRelay(port: number, { of, afterBytes }: Flip): Promise<number> {
  let sentBytes = 0;
  let isDone = false;
  const passed = (bytes: Buffer, way: Flip['of']) => {
    if (way === 'request') sentBytes += bytes.length;
    if (isDone || way !== of || sentBytes <= afterBytes) return bytes;
    isDone = true;
    // The last byte of what has arrived is ciphertext or its tag, or the length of a record: never good.
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    return bytes;
  };
  const relay = createTcpServer((client) => {
    const server = connect(port, '127.0.0.1');
    for (const socket of [client, server]) socket.on('error', () => {});
    client.on('data', (bytes) => server.write(passed(bytes, 'request')));
    server.on('data', (bytes) => client.write(passed(bytes, 'answer')));
    client.on('close', () => server.destroy());
    // What the client still sends is taken: a reset would overtake the alert.
    server.on('close', () => client.end());
  });
  return listen(relay);
}

async function sendThrough(flip: Flip, maxVersion: 'TLSv1.2' | 'TLSv1.3') {
  let gotBytes = 0;
  const server = createServer({ ...identity, maxVersion }, (incoming, answer) => {
    incoming.on('data', (bytes: Buffer) => {
      gotBytes += bytes.length;
    });
    incoming.on('error', () => {});
    incoming.on('end', () => answer.end('x'.repeat(2_000)));
  });
  const port = await startRelay(await listen(server), flip);
  const transport = createTransport({ tls: { ca: authority.cert } });
  onTestFinished(() => transport.close());
  const url = new URL(`https://127.0.0.1:${port}/uploads/1`);
  const outcome = await transport.send(
    { method: 'PATCH', url, headers: {}, body: [Buffer.alloc(BODY_BYTES, 7)] },
    { idleTimeoutMs: LIMIT_MS },
  );
  return { outcome, gotBytes };
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s, a byte is corrupted on the way', (version) => {
  it('of the request: the connection broke, and what the server got is not known', async () => {
    const { outcome, gotBytes } = await sendThrough({ of: 'request', afterBytes: 500_000 }, version);
    expect(outcome).toMatchObject({ kind: 'break', cause: 'reset', delivered: true });
    expect(gotBytes).toBeGreaterThan(0);
    expect(gotBytes).toBeLessThan(BODY_BYTES);
  });

  it('of the answer: the server has acted, and only its answer is lost', async () => {
    const { outcome, gotBytes } = await sendThrough({ of: 'answer', afterBytes: BODY_BYTES }, version);
    expect(outcome).toMatchObject({
      kind: 'break',
      cause: 'reset',
      delivered: true,
      detail: expect.stringMatching(/^the TLS connection broke \(ERR_SSL_[A-Z_]+\)$/),
    });
    expect(gotBytes).toBe(BODY_BYTES);
  });
});
