import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer, type ServerOptions } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type ForwardProxyOptions, startForwardProxy } from '../../fixtures/proxies/forward-proxy.ts';
import { startServer } from '../../src/server/server.ts';
import { type Identity, makeAuthority, makeIdentity } from '../transport/certificates.ts';
import { runBin, temporaryFolder } from './run-bin.ts';

/** A name that only the proxy knows. */
const HOST = 'uploads.invalid';

/** The reference server, behind TLS where a certificate is given. */
async function scene(tls?: ServerOptions) {
  const dir = await temporaryFolder();
  const plain = await startServer({
    dir: join(dir, 'stored'),
    host: '127.0.0.1',
    port: 0,
    protocol: 'pulse',
  });
  onTestFinished(() => plain.close());
  const file = join(dir, 'video.mp4');
  await writeFile(file, Buffer.alloc(1_500_000, 3));
  const port =
    tls === undefined ? Number(new URL(plain.url).port) : await secured(tls, Number(new URL(plain.url).port));
  const put = async (name: string, text: string) => {
    const path = join(dir, name);
    await writeFile(path, text);
    return path;
  };
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    runBin(args, { env: { PULSE_UPLOAD_STATE_DIR: join(dir, 'state'), ...env } });
  return { dir, file, port, put, run };
}

/** TLS in front of a port: every byte is passed on. */
async function secured(tls: ServerOptions, port: number): Promise<number> {
  const server = createServer(tls);
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket) => {
    const onwards = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [socket, onwards],
      [onwards, socket],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function identities(): Promise<{ authority: Identity; server: Identity; camera: Identity }> {
  const authority = await makeAuthority('Network Test Authority');
  const server = await makeIdentity({ name: 'server', hosts: ['127.0.0.1', HOST], by: authority });
  return { authority, server, camera: await makeIdentity({ name: 'camera', by: authority }) };
}

async function proxyTo(port: number, options: Partial<ForwardProxyOptions> = {}) {
  const proxy = await startForwardProxy({ hosts: { [`${HOST}:${port}`]: `127.0.0.1:${port}` }, ...options });
  onTestFinished(() => proxy.close());
  return proxy;
}

describe('a server with a certificate of a private authority', () => {
  test('is refused, with the way to trust it; trusted with --ca-cert, or NODE_EXTRA_CA_CERTS', async () => {
    const { authority, server } = await identities();
    const { file, port, put, run } = await scene({ ...server });
    const url = `https://127.0.0.1:${port}`;
    const ca = await put('ca.pem', authority.cert);

    const refused = await run([file, '--server', url]);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toMatch(
      /not signed by a known authority \(CN=server, issued by CN=Network Test Authority/,
    );
    expect(refused.stderr).toContain('--ca-cert');

    expect((await run([file, '--server', url, '--ca-cert', ca])).code).toBe(0);
    expect((await run([file, '--server', url], { PULSE_UPLOAD_CA_CERT: ca })).code).toBe(0);
    expect((await run([file, '--server', url], { NODE_EXTRA_CA_CERTS: ca })).code).toBe(0);
    const verified = await run(['verify', url, '--ca-cert', ca, '--only', 'core.head.status']);
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('1 passed') });
    expect((await run(['verify', url, '--only', 'core.head.status'])).code).toBe(5);
  });

  test('with --insecure a warning stands on every run, also a quiet one and one for programs', async () => {
    const { server } = await identities();
    const { file, port, run } = await scene({ ...server });
    const url = `https://127.0.0.1:${port}`;
    const warning = `warning: --insecure: the certificate of 127.0.0.1:${port} is not verified`;
    for (const args of [[], ['--quiet'], ['--json']]) {
      const { code, stderr, stdout } = await run([file, '--server', url, '--insecure', ...args]);
      expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining(warning) });
      if (args.includes('--json')) expect(stdout).toMatch(/"type":"upload.warning".*--insecure/);
      const verified = await run(['verify', url, '--insecure', '--only', 'core.head.status', ...args]);
      expect(verified).toMatchObject({ code: 0, stderr: expect.stringContaining(warning) });
    }
  });

  test('gets the client certificate that it asks for', async () => {
    const { authority, server, camera } = await identities();
    const asking = { requestCert: true, rejectUnauthorized: true, ca: authority.cert };
    const { file, port, put, run } = await scene({ ...server, ...asking });
    const args = [
      file,
      '--server',
      `https://127.0.0.1:${port}`,
      '--ca-cert',
      await put('ca.pem', authority.cert),
    ];
    const both = await put('both.pem', `${camera.cert}\n${camera.key}`);
    const cert = await put('cert.pem', camera.cert);
    const key = await put('key.pem', camera.key);
    expect((await run([...args, '--cert', cert, '--key', key])).code).toBe(0);
    expect((await run([...args, '--cert', both])).code).toBe(0);
    const without = await run(args);
    expect(without.code).toBe(5);
    expect(without.stderr).toContain('--cert <file> and --key <file>');
  });
});

describe('files that are no use for TLS are refused before any request', () => {
  test.each([
    ['a missing one', 3, (dir: string) => ['--ca-cert', join(dir, 'none.pem')], 'does not exist'],
    ['a folder', 3, (dir: string) => ['--ca-cert', dir], 'is a folder'],
    ['no PEM', 3, (dir: string) => ['--ca-cert', join(dir, 'text')], 'holds no certificate in PEM form'],
    ['a broken certificate', 3, (dir: string) => ['--ca-cert', join(dir, 'broken')], 'cannot be read'],
    [
      'a certificate without its key',
      3,
      (dir: string) => ['--cert', join(dir, 'cert')],
      'holds no private key',
    ],
    [
      'the key of another',
      3,
      (dir: string) => ['--cert', join(dir, 'cert'), '--key', join(dir, 'other')],
      'does not belong to',
    ],
    [
      'an encrypted key',
      3,
      (dir: string) => ['--cert', join(dir, 'cert'), '--key', join(dir, 'locked')],
      'is encrypted',
    ],
    ['one that OpenSSL refuses', 3, (dir: string) => ['--cert', join(dir, 'weak')], 'ee key too small'],
    ['a key alone', 2, (dir: string) => ['--key', join(dir, 'other')], '--key is given without --cert'],
  ] as const)('%s', async (_, expected, args, words) => {
    const { dir, file, put, run } = await scene();
    await put('text', 'hello');
    await put('broken', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    await put('cert', (await makeIdentity({ name: 'camera' })).cert);
    await put('other', (await makeIdentity({ name: 'other' })).key);
    const weak = await makeIdentity({ name: 'weak', tooShort: true });
    await put('weak', `${weak.cert}\n${weak.key}`);
    const cipher = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
    await put('locked', String(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(cipher)));
    const { code, stderr } = await run([file, '--server', 'https://127.0.0.1:1', ...args(dir)]);
    expect({ code, stderr }).toEqual({ code: expected, stderr: expect.stringContaining(words) });
  });
});

describe('a proxy of the environment', () => {
  test('brings uploads to http and https, with its own credentials, which nobody sees', async () => {
    const { authority, server } = await identities();
    for (const scheme of ['http', 'https'] as const) {
      const { file, port, put, run } = await scene(scheme === 'https' ? { ...server } : undefined);
      const proxy = await proxyTo(port, { credentials: 'operator:pr0xy-pass' });
      const proxyUrl = proxy.url.href.replace('//', '//operator:pr0xy-pass@');
      const ca = await put('ca.pem', authority.cert);
      const args = [file, '--server', `${scheme}://${HOST}:${port}`, '--ca-cert', ca, '--verbose'];
      const { code, stdout, stderr } = await run(args, { [`${scheme}_proxy`]: proxyUrl });
      expect({ code, scheme }).toEqual({ code: 0, scheme });
      expect(stdout + stderr).not.toContain('pr0xy-pass');
      expect(proxy.log.length).toBeGreaterThan(0);

      const lost = await run([...args, '--retries', '1'], { [`${scheme}_proxy`]: proxyUrl, NO_PROXY: HOST });
      expect({ code: lost.code, stderr: lost.stderr }).toMatchObject({
        code: 4,
        stderr: expect.stringContaining('DNS'),
      });

      const unknown = await run([...args, '--no-resume'], { [`${scheme}_proxy`]: proxy.url.href });
      expect(unknown.code).toBe(5);
      expect(unknown.stderr).toContain('asks for a user name and a password (407)');
    }
  });

  test('brings verify to https; to http it goes straight, and says so', async () => {
    const { authority, server } = await identities();
    const secure = await scene({ ...server });
    const proxy = await proxyTo(secure.port);
    const ca = await secure.put('ca.pem', authority.cert);
    const url = `https://${HOST}:${secure.port}`;
    const args = ['--only', 'core.head.status', '--yes', '--ca-cert', ca];
    const { code } = await secure.run(['verify', url, ...args], { HTTPS_PROXY: proxy.url.href });
    expect(code).toBe(0);
    expect(proxy.log.every(({ method }) => method === 'CONNECT')).toBe(true);

    const direct = await secure.run(['verify', `http://${HOST}:1`, '--yes'], { HTTP_PROXY: proxy.url.href });
    expect(direct.code).toBe(4);
    expect(direct.stderr).toContain(`the proxy of HTTP_PROXY is not used`);
  });

  test('that cannot be spoken to is a usage error, and its password is not shown', async () => {
    const { file, run } = await scene();
    const env = { HTTPS_PROXY: 'socks5://me:pr0xy-pass@127.0.0.1:1080' };
    const { code, stderr } = await run([file, '--server', `https://${HOST}`], env);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('HTTPS_PROXY is a URL of socks5'),
    });
    expect(stderr).not.toContain('pr0xy-pass');
  });

  test('that is far away reads a token to http in clear text', async () => {
    const { file, put, run } = await scene();
    const token = await put('token', 't0ken-of-mine');
    const { code, stderr } = await run([file, '--server', 'http://nas:8080', '--token-file', token], {
      HTTP_PROXY: 'http://proxy.example.com:3128',
    });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('the token would travel to proxy.example.com in clear text'),
    });
  });
});
