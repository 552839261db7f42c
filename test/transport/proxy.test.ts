import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type ForwardProxyOptions, startForwardProxy } from '../../fixtures/proxies/forward-proxy.ts';
import { createTransport } from '../../src/transport/http.ts';
import { createDial } from '../../src/transport/raw.ts';
import { type Identity, makeAuthority, makeIdentity } from './certificates.ts';
import { listen } from './listen.ts';

/** Long enough for a busy machine; only what hangs would meet it. */
const LIMIT_MS = 20_000;
/** A name that is known to the proxy and to nobody else: what arrives there came through it. */
const HOST = 'uploads.invalid';

let authority: Identity;
let identity: Identity;

beforeAll(async () => {
  authority = await makeAuthority('Proxy Test Authority');
  identity = await makeIdentity({ name: 'server', hosts: [HOST, '127.0.0.1'], by: authority });
});

/** A server, http or https, that keeps what it got. */
async function target(scheme: 'http' | 'https') {
  const seen: {
    readonly line: string;
    readonly headers: IncomingMessage['headers'];
    readonly bytes: number;
  }[] = [];
  const answer: RequestListener = (incoming, response) => {
    let bytes = 0;
    incoming.on('data', (part: Buffer) => {
      bytes += part.length;
    });
    incoming.on('end', () => {
      seen.push({ line: `${incoming.method} ${incoming.url}`, headers: incoming.headers, bytes });
      response.end('hello');
    });
  };
  const port = await listen(
    scheme === 'https' ? createServer({ ...identity }, answer) : createHttpServer(answer),
  );
  return { seen, port, url: new URL(`${scheme}://${HOST}:${port}/uploads/1?x=1`), host: `${HOST}:${port}` };
}

async function proxyTo(port: number, options: Partial<ForwardProxyOptions> = {}) {
  const proxy = await startForwardProxy({ hosts: { [`${HOST}:${port}`]: `127.0.0.1:${port}` }, ...options });
  onTestFinished(() => proxy.close());
  return proxy;
}

function through(proxy: URL, limitMs = LIMIT_MS) {
  const transport = createTransport({ tls: { ca: authority.cert }, proxyFor: () => proxy });
  onTestFinished(() => transport.close());
  return (url: URL, body = 100_000) =>
    transport.send(
      { method: 'PATCH', url, headers: { 'X-Upload-Token': 'secret' }, body: [Buffer.alloc(body, 7)] },
      { idleTimeoutMs: limitMs },
    );
}

function withCredentials(url: URL, username: string, password: string): URL {
  return Object.assign(new URL(url), { username, password });
}

describe.each(['http', 'https'] as const)('%s through a proxy', (scheme) => {
  it('arrives whole, and the proxy is asked in the form of the scheme', async () => {
    const server = await target(scheme);
    const proxy = await proxyTo(server.port);
    const send = through(proxy.url);
    for (let n = 0; n < 3; n++) expect(await send(server.url)).toMatchObject({ kind: 'answer', status: 200 });
    expect(server.seen).toHaveLength(3);
    for (const { line, bytes, headers } of server.seen) {
      expect({ line, bytes, host: headers.host }).toEqual({
        line: 'PATCH /uploads/1?x=1',
        bytes: 100_000,
        host: server.host,
      });
    }
    const asked = proxy.log.map(({ method, target }) => `${method} ${target}`);
    expect(asked).toEqual(
      scheme === 'https'
        ? [`CONNECT ${server.host}`]
        : Array.from({ length: 3 }, () => `PATCH ${server.url.href}`),
    );
  });

  it('gives the proxy its credentials, and the server none of them', async () => {
    const server = await target(scheme);
    const proxy = await proxyTo(server.port, { credentials: 'user:p@ss word' });
    const outcome = await through(withCredentials(proxy.url, 'user', 'p@ss word'))(server.url);
    expect(outcome).toMatchObject({ kind: 'answer', status: 200 });
    expect(JSON.stringify(server.seen)).not.toMatch(/proxy-auth/i);
  });

  it('shows the proxy nothing of a request to https', async () => {
    const server = await target(scheme);
    const proxy = await proxyTo(server.port);
    await through(proxy.url)(server.url);
    expect(JSON.stringify(proxy.log).includes('secret')).toBe(scheme === 'http');
  });

  it('says that the proxy asks for credentials, or does not accept them', async () => {
    const server = await target(scheme);
    const proxy = await proxyTo(server.port, { credentials: 'user:password' });
    const refused = {
      kind: 'break',
      cause: 'proxy',
      hint: expect.stringContaining('http://user:password@host:port'),
    };
    expect(await through(proxy.url)(server.url)).toMatchObject({
      ...refused,
      detail: `the proxy ${proxy.url.origin} asks for a user name and a password (407)`,
    });
    expect(await through(withCredentials(proxy.url, 'user', 'wrong'))(server.url)).toMatchObject({
      ...refused,
      detail: `the proxy ${proxy.url.origin} does not accept the user name and password (407)`,
    });
    expect(server.seen).toEqual([]);
  });

  it('tells a proxy that is not there from a server that is not', async () => {
    const gone = new URL('http://127.0.0.1:1');
    const outcome = await through(withCredentials(gone, 'user', 'hidden'))(new URL(`${scheme}://${HOST}/`));
    expect(outcome).toMatchObject({
      cause: 'refused',
      delivered: false,
      detail: `the proxy ${gone.origin}: nothing is listening there (connection refused)`,
      hint: expect.stringContaining('_PROXY'),
    });
  });

  it('bounds a proxy that never answers', async () => {
    const proxy = await proxyTo(1, { silent: true });
    const outcome = await through(proxy.url, 300)(new URL(`${scheme}://${HOST}:1/`));
    expect(outcome).toMatchObject({ kind: 'break', cause: 'timeout' });
  });

  it('works through a proxy that is reached over TLS', async () => {
    const server = await target(scheme);
    const proxy = await proxyTo(server.port, { tls: identity });
    expect(await through(proxy.url)(server.url)).toMatchObject({ kind: 'answer', status: 200 });
    const distrusting = createTransport({ proxyFor: () => proxy.url, tls: { insecure: true } });
    onTestFinished(() => distrusting.close());
    const outcome = await distrusting.send(
      { method: 'GET', url: server.url, headers: {} },
      { idleTimeoutMs: LIMIT_MS },
    );
    // --insecure is about the server: the proxy gets the credentials, and must show who it is.
    expect(outcome).toMatchObject({
      cause: 'tls',
      detail: expect.stringContaining(`the proxy ${proxy.url.origin}`),
    });
  });
});

describe.each(['http', 'https'] as const)('%s through a proxy that shows a certificate', (scheme) => {
  const proxyFor = async (host: string) => {
    const server = await target(scheme);
    const tls = await makeIdentity({ name: `proxy as ${host}`, hosts: [host], by: authority });
    return { server, proxy: await proxyTo(server.port, { tls }) };
  };
  const named = (proxy: URL) => Object.assign(new URL(proxy), { hostname: 'localhost' });

  it('takes one for the address of the proxy, which asks for no name', async () => {
    const { server, proxy } = await proxyFor('127.0.0.1');
    expect(await through(proxy.url)(server.url)).toMatchObject({ kind: 'answer', status: 200 });
    expect(proxy.askedNames).toEqual([undefined]);
  });

  it('takes one for the name of the proxy, and asks for that', async () => {
    const { server, proxy } = await proxyFor('localhost');
    expect(await through(named(proxy.url))(server.url)).toMatchObject({ kind: 'answer', status: 200 });
    expect(proxy.askedNames).toEqual(['localhost']);
  });

  it('takes none for the name of the server', async () => {
    const { server, proxy } = await proxyFor(HOST);
    for (const url of [proxy.url, named(proxy.url)]) {
      expect(await through(url)(server.url)).toMatchObject({
        cause: 'tls',
        delivered: false,
        detail: expect.stringContaining(`the TLS certificate is for another host name (it is for ${HOST},`),
      });
    }
    expect(proxy.log).toEqual([]);
  });
});

describe('a tunnel', () => {
  it('that the proxy refuses is no answer of the server', async () => {
    const server = await target('https');
    for (const [refuseConnect, cause] of [
      [403, 'proxy'],
      [405, 'proxy'],
      [503, 'unreachable'],
    ] as const) {
      const proxy = await proxyTo(server.port, { refuseConnect });
      expect(await through(proxy.url)(server.url)).toMatchObject({
        kind: 'break',
        cause,
        delivered: false,
        detail: expect.stringContaining(`${server.host} (it answered ${refuseConnect})`),
      });
    }
    expect(server.seen).toEqual([]);
  });

  it('ends at a server whose certificate is judged as ever', async () => {
    const server = await target('https');
    const proxy = await proxyTo(server.port);
    const transport = createTransport({ proxyFor: () => proxy.url });
    onTestFinished(() => transport.close());
    const outcome = await transport.send(
      { method: 'PATCH', url: server.url, headers: {}, body: [Buffer.from('x')] },
      { idleTimeoutMs: LIMIT_MS },
    );
    expect(outcome).toMatchObject({
      cause: 'tls',
      delivered: false,
      detail: expect.stringContaining('CN=server'),
    });
    expect(server.seen).toEqual([]);
  });

  it('to a server that never finishes the handshake is bounded', async () => {
    const port = await listen(createTcpServer(() => {}));
    const proxy = await proxyTo(port);
    const outcome = await through(proxy.url, 300)(new URL(`https://${HOST}:${port}/`));
    expect(outcome).toMatchObject({ cause: 'timeout', delivered: false });
  });

  it('is given up with the request that asked for it', async () => {
    const proxy = await proxyTo(1, { silent: true });
    const transport = createTransport({ proxyFor: () => proxy.url });
    onTestFinished(() => transport.close());
    const stop = new AbortController();
    const sent = transport.send(
      { method: 'GET', url: new URL(`https://${HOST}:1/`), headers: {} },
      { idleTimeoutMs: LIMIT_MS, signal: stop.signal },
    );
    await expect.poll(() => proxy.log.length).toBe(1);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(sent).rejects.toBe(reason);
    await expect.poll(() => proxy.connections()).toBe(0);
  });
});

describe("the tester's connections", () => {
  it('go through a tunnel to an https server, half-open ends included', async () => {
    const server = await target('https');
    const proxy = await proxyTo(server.port, { credentials: 'user:password' });
    const dial = createDial({
      tls: { ca: authority.cert },
      proxyFor: () => withCredentials(proxy.url, 'user', 'password'),
    });
    const connection = await dial(server.url, { timeoutMs: LIMIT_MS });
    if ('cause' in connection) throw new Error(connection.detail);
    const head = `POST /raw HTTP/1.1\r\nHost: ${server.host}\r\nContent-Length: 5\r\n\r\nhello`;
    await connection.write(Buffer.from(head), { timeoutMs: LIMIT_MS });
    connection.fin();
    expect(await connection.answer('POST', { timeoutMs: LIMIT_MS })).toMatchObject({
      kind: 'answer',
      status: 200,
    });
    connection.close();
    expect(proxy.log.map(({ method, target }) => `${method} ${target}`)).toEqual([`CONNECT ${server.host}`]);
    expect(JSON.stringify(server.seen)).not.toMatch(/proxy-auth/i);
  });

  it('say what the proxy refuses', async () => {
    const proxy = await proxyTo(1, { refuseConnect: 403 });
    const dial = createDial({ proxyFor: () => proxy.url });
    expect(await dial(new URL(`https://${HOST}:1`), { timeoutMs: LIMIT_MS })).toMatchObject({
      kind: 'break',
      cause: 'proxy',
      detail: expect.stringContaining('does not connect to'),
    });
  });

  it('go straight to an http server', async () => {
    const server = await target('http');
    const proxy = await proxyTo(server.port);
    const dial = createDial({ proxyFor: () => proxy.url });
    const connection = await dial(new URL(`http://127.0.0.1:${server.port}`), { timeoutMs: LIMIT_MS });
    expect(connection).not.toHaveProperty('cause');
    if ('close' in connection) connection.close();
    expect(proxy.log).toEqual([]);
  });
});
