import { createServer as createHttpServer } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startForwardProxy } from '../../fixtures/proxies/forward-proxy.ts';
import type { Outcome } from '../../src/protocol/wire.ts';
import { createTransport } from '../../src/transport/http.ts';
import { createDial } from '../../src/transport/raw.ts';
import type { TlsSettings } from '../../src/transport/settings.ts';
import { type Identity, makeAuthority, makeIdentity } from './certificates.ts';
import { listen } from './listen.ts';

/** Long enough for a busy machine; only what hangs would meet it. */
const LIMIT_MS = 20_000;

let authority: Identity;
let good: Identity;

beforeAll(async () => {
  authority = await makeAuthority('Pulse Test Authority');
  good = await makeIdentity({ name: 'good server', hosts: ['127.0.0.1', 'localhost'], by: authority });
});

/** An https server, and what it got. */
async function secureServer(identity: Identity, options: ServerOptions = {}) {
  const requests: string[] = [];
  const server = createServer({ ...options, ...identity }, (incoming, answer) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    incoming.resume().on('end', () => answer.end('hello'));
  });
  let handshakes = 0;
  server.on('secureConnection', () => handshakes++);
  server.on('tlsClientError', () => {});
  return { port: await listen(server), requests, handshakes: () => handshakes };
}

function ask(port: number, tls?: TlsSettings, host = '127.0.0.1'): Promise<Outcome> {
  const transport = createTransport(tls === undefined ? {} : { tls });
  onTestFinished(() => transport.close());
  return transport.send(
    {
      method: 'PATCH',
      url: new URL(`https://${host}:${port}/uploads/1`),
      headers: {},
      body: [Buffer.alloc(9)],
    },
    { idleTimeoutMs: LIMIT_MS },
  );
}

/** The same server seen by the tester's connections. */
async function dial(port: number, tls?: TlsSettings) {
  const connection = await createDial(tls === undefined ? {} : { tls })(
    new URL(`https://127.0.0.1:${port}`),
    {
      timeoutMs: LIMIT_MS,
    },
  );
  if ('close' in connection) connection.close();
  return connection;
}

describe('a certificate that is refused says why, and which one it is', () => {
  const past = { from: '2020-01-01', to: '2021-02-03' };
  const future = { from: '2090-01-01', to: '2091-01-01' };
  const hosts = ['127.0.0.1'];
  const cases: readonly (readonly [string, () => Promise<Identity>, RegExp, RegExp])[] = [
    [
      'expired',
      () => makeIdentity({ name: 'old server', hosts, by: authority, ...past }),
      /has expired \(CN=old server, issued by CN=Pulse Test Authority, valid from 2020-01-01 to 2021-02-03\)/,
      /renew/,
    ],
    [
      'not valid yet',
      () => makeIdentity({ name: 'early server', hosts, by: authority, ...future }),
      /not valid yet \(CN=early server, .* valid from 2090-01-01/,
      /clock/,
    ],
    [
      'for another host',
      () => makeIdentity({ name: 'other server', hosts: ['videos.example.org', '10.1.2.3'], by: authority }),
      /for another host name \(it is for videos\.example\.org, 10\.1\.2\.3, CN=other server,/,
      /--server/,
    ],
    [
      'self-signed',
      () => makeIdentity({ name: 'lonely server', hosts }),
      /self-signed \(CN=lonely server, valid/,
      /--ca-cert/,
    ],
    [
      'of an unknown authority',
      async () => makeIdentity({ name: 'foreign server', hosts, by: await makeAuthority('Somebody Else') }),
      /not signed by a known authority \(CN=foreign server, issued by CN=Somebody Else/,
      /--ca-cert/,
    ],
  ];

  it.each(cases)('%s', async (_, make, detail, hint) => {
    const server = await secureServer(await make());
    const outcome = await ask(server.port, { ca: authority.cert });
    expect(outcome).toMatchObject({ kind: 'break', cause: 'tls', delivered: false });
    expect(outcome.kind === 'break' && outcome.detail).toMatch(detail);
    expect(outcome.kind === 'break' && outcome.hint).toMatch(hint);

    const tested = await dial(server.port, { ca: authority.cert });
    expect(tested).toMatchObject({ kind: 'break', cause: 'tls', detail: expect.stringMatching(detail) });
    expect(server.requests).toEqual([]);
  });

  it.each([
    ['for another purpose', { forClients: true }, 'unsuitable certificate purpose'],
    ['signed too weakly', { digest: 'sha1' }, 'CA signature digest algorithm too weak'],
  ] as const)('%s, in the words of OpenSSL', async (_, wanted, words) => {
    const identity = await makeIdentity({ name: 'odd server', hosts, by: authority, ...wanted });
    // A server that takes a weak certificate for its own.
    const server = await secureServer(identity, { ciphers: 'DEFAULT:@SECLEVEL=0' });
    const refused = {
      kind: 'break',
      cause: 'tls',
      detail: expect.stringMatching(`^the TLS certificate is refused: ${words} \\(CN=odd server, issued by`),
    };
    expect(await ask(server.port, { ca: authority.cert })).toMatchObject({ ...refused, delivered: false });
    expect(await dial(server.port, { ca: authority.cert })).toMatchObject(refused);
    expect(server.requests).toEqual([]);
  });

  it('an expired authority is named, and not the certificate below it', async () => {
    const old = await makeAuthority('Old Authority', past);
    const server = await secureServer(await makeIdentity({ name: 'fine', hosts, by: old }));
    expect(await ask(server.port, { ca: old.cert })).toMatchObject({
      cause: 'tls',
      detail: expect.stringMatching(/expired \(CN=Old Authority, valid from 2020-01-01 to 2021-02-03\)/),
    });
  });
});

describe('trust', () => {
  it('goes to the authority of --ca-cert', async () => {
    const server = await secureServer(good);
    expect(await ask(server.port, { ca: authority.cert })).toMatchObject({ kind: 'answer', status: 200 });
    expect(await ask(server.port, { ca: authority.cert }, 'localhost')).toMatchObject({ status: 200 });
    expect(await dial(server.port, { ca: authority.cert })).not.toHaveProperty('cause');
    expect(server.requests).toHaveLength(2);
  });

  it('believes everything with --insecure, and only then', async () => {
    const server = await secureServer(await makeIdentity({ name: 'lonely', hosts: ['example.org'] }));
    expect(await ask(server.port, { insecure: true })).toMatchObject({ kind: 'answer', status: 200 });
    expect(await dial(server.port, { insecure: true })).not.toHaveProperty('cause');

    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    onTestFinished(() => {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    });
    expect(await ask(server.port)).toMatchObject({ kind: 'break', cause: 'tls' });
    expect(await dial(server.port)).toMatchObject({ kind: 'break', cause: 'tls' });
  });

  it('is asked for once: the connection is kept for the next request', async () => {
    const server = await secureServer(good);
    const transport = createTransport({ tls: { ca: authority.cert } });
    onTestFinished(() => transport.close());
    const url = new URL(`https://127.0.0.1:${server.port}/`);
    for (let n = 0; n < 3; n++) {
      const outcome = await transport.send({ method: 'GET', url, headers: {} }, { idleTimeoutMs: LIMIT_MS });
      expect(outcome).toMatchObject({ kind: 'answer', status: 200 });
    }
    expect(server.handshakes()).toBe(1);
  });
});

describe('a client certificate', () => {
  const asking = { requestCert: true, rejectUnauthorized: true };

  it('is shown where the server asks for one', async () => {
    const client = await makeIdentity({ name: 'camera 7', by: authority });
    const server = await secureServer(good, { ...asking, ca: authority.cert });
    const outcome = await ask(server.port, { ca: authority.cert, ...client });
    expect(outcome).toMatchObject({ kind: 'answer', status: 200 });
  });

  it('that is missing is asked for in words', async () => {
    const server = await secureServer(good, { ...asking, ca: authority.cert });
    const outcome = await ask(server.port, { ca: authority.cert });
    expect(outcome).toMatchObject({ kind: 'break' });
    expect(server.requests).toEqual([]);
    expect(outcome).toMatchObject({ cause: 'tls', hint: expect.stringContaining('--cert') });
  });

  it('that OpenSSL refuses is no raw error, straight or through a tunnel', async () => {
    const server = await secureServer(good);
    const weak = await makeIdentity({ name: 'weak', tooShort: true });
    const proxy = await startForwardProxy({
      hosts: { [`127.0.0.1:${server.port}`]: `127.0.0.1:${server.port}` },
    });
    onTestFinished(() => proxy.close());
    for (const tls of [
      { ca: authority.cert, ...weak },
      { ca: authority.cert, cert: 'no PEM' },
    ]) {
      for (const proxyFor of [() => undefined, () => proxy.url]) {
        const transport = createTransport({ tls, proxyFor });
        onTestFinished(() => transport.close());
        const url = new URL(`https://127.0.0.1:${server.port}/`);
        const outcome = await transport.send(
          { method: 'GET', url, headers: {} },
          { idleTimeoutMs: LIMIT_MS },
        );
        expect(outcome).toMatchObject({ kind: 'break', cause: 'tls', delivered: false });
      }
    }
    expect(server.requests).toEqual([]);
  });

  it('that nobody knows gets no answer', async () => {
    const server = await secureServer(good, { ...asking, ca: authority.cert });
    const stranger = await makeIdentity({ name: 'stranger' });
    const outcome = await ask(server.port, { ca: authority.cert, ...stranger });
    // A server on Node hangs up without an alert.
    expect(outcome).toMatchObject({ kind: 'break' });
    expect(server.requests).toEqual([]);
  });
});

describe('what is no TLS', () => {
  it('https to a port that speaks http', async () => {
    const port = await listen(createHttpServer((_, answer) => answer.end()));
    expect(await ask(port)).toMatchObject({
      cause: 'tls',
      delivered: false,
      detail: expect.stringContaining('does the server speak https on this port?'),
    });
  });

  it('a connection that is cut during the handshake has delivered nothing', async () => {
    const port = await listen(createTcpServer((socket) => socket.once('data', () => socket.destroy())));
    expect(await ask(port)).toMatchObject({ cause: 'reset', delivered: false });
  });

  it('a request that is given up while its way is opened is never begun', async () => {
    let connections = 0;
    const port = await listen(createTcpServer(() => connections++));
    const transport = createTransport();
    onTestFinished(() => transport.close());
    const stop = new AbortController();
    const reason = new Error('enough');
    const url = new URL(`https://127.0.0.1:${port}/`);
    const sent = transport.send(
      { method: 'GET', url, headers: {} },
      { idleTimeoutMs: LIMIT_MS, signal: stop.signal },
    );
    stop.abort(reason);
    await expect(sent).rejects.toBe(reason);
    expect(connections).toBe(0);
  });

  it('a handshake that never ends is bounded, and said to be one', async () => {
    const port = await listen(createTcpServer(() => {}));
    const transport = createTransport();
    onTestFinished(() => transport.close());
    const url = new URL(`https://127.0.0.1:${port}/`);
    const outcome = await transport.send({ method: 'GET', url, headers: {} }, { idleTimeoutMs: 300 });
    expect(outcome).toMatchObject({
      cause: 'timeout',
      delivered: false,
      detail: 'waited 0.3 s for the TLS handshake',
    });
  });
});
