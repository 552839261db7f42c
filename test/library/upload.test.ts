import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startForwardProxy } from '../../fixtures/proxies/forward-proxy.ts';
import { type PulseError, type PulseEvent, type UploadOptions, upload } from '../../src/index.ts';
import { type RunningServer, startServer } from '../../src/server/server.ts';
import { makeAuthority, makeIdentity } from '../transport/certificates.ts';

const TOKEN = 'kept-for-ourselves-1234';

/** A reference server in a folder of its own, until the test ends. */
async function served(): Promise<RunningServer> {
  const server = await startServer({ host: '127.0.0.1', port: 0, dir: await folder(), protocol: 'pulse' });
  onTestFinished(() => server.close());
  return server;
}

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'pulse-upload-library-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function video(): Promise<{ readonly file: string; readonly stateDir: string }> {
  const dir = await folder();
  const file = join(dir, 'video.mp4');
  await writeFile(file, 'not much of a video');
  return { file, stateDir: join(dir, 'state') };
}

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const failureOf = (promise: Promise<unknown>): Promise<PulseError> =>
  promise.then(
    () => expect.unreachable('it was expected to fail'),
    (error) => error,
  );

describe('upload()', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['an option that is misspelt', { chunkByte: 5 }, /option chunkByte is no option, expected chunkBytes$/],
    ['an unknown option', { chunkSize: 5 }, /option chunkSize is no option, expected one of server, /],
    [
      'a chunk size that is no number',
      { chunkBytes: '1MiB' },
      /option chunkBytes is '1MiB', expected a whole/,
    ],
    ['no chunk', { chunkBytes: 0 }, /chunkBytes is 0/],
    ['half a retry', { retries: 0.5 }, /retries is 0.5/],
    ['a timeout that no timer can wait', { timeoutMs: 2 ** 31 }, /timeoutMs is 2147483648/],
    ['a protocol nobody speaks', { protocol: 'ftp' }, /protocol is 'ftp', expected 'auto', 'pulse/],
    [
      'a name with a path',
      { name: '../up.mp4' },
      /name is '..\/up.mp4', expected a file name without a path/,
    ],
    ['a header with a line break', { headers: { 'X-A': 'a\r\nB: c' } }, /headers 'X-A' has a value/],
    [
      'a header of the protocol',
      { headers: { 'Upload-Offset': '0' } },
      /'Upload-Offset' is a header that the upload/,
    ],
    ['a metadata key with a space', { metadata: { 'a b': 'c' } }, /metadata has the key 'a b'/],
    ['metadata that is no text', { metadata: { a: 1 } }, /metadata is .* expected an object of texts/],
    [
      'a server with a password',
      { server: 'http://me:secret@127.0.0.1/' },
      /server is 'http:\/\/\[credentials\]@/,
    ],
    [
      'a proof of what is not finalized',
      { requireProof: true, finalize: false },
      /requireProof is true, and finalize false/,
    ],
    [
      'headers that would be sent as none',
      { headers: new Headers({ 'X-A': 'a' }) },
      /headers is \[object Headers\], expected an object of texts/,
    ],
    ['headers in a list', { headers: ['X-A: a'] }, /headers is X-A: a, expected an object of texts/],
    [
      'metadata that would be sent as none',
      { metadata: new Map([['a', 'b']]) },
      /metadata is \[object Map\]/,
    ],
    ['a token that is no text', { token: 7_291_734 }, /token is a number, expected a text/],
    ['a name that is no text', { name: 7 }, /name is 7, expected a text/],
    ['a list of protocols', { protocol: ['tus'] }, /protocol is tus, expected 'auto'/],
    ['a server that is no text', { server: Object.create(null) }, /server is .*, expected a text or a URL/],
    ['a server of another scheme', { server: 'ftp://127.0.0.1/' }, /begins with http/],
  ])('refuses %s before the first request', async (_, options, message) => {
    const { file, stateDir } = await video();
    let requests = 0;
    const port = await listening(createServer((_, answer) => answer.end(String(requests++))));
    const given = { server: `http://127.0.0.1:${port}`, stateDir, ...options } as UploadOptions;
    const error = await failureOf(upload(file, given));
    expect(error).toMatchObject({ name: 'PulseError', kind: 'usage', hint: expect.any(String) });
    expect(error.message).toMatch(message);
    expect(error.message).not.toMatch(/secret|7291734/);
    expect(requests).toBe(0);
  });

  it('goes by its options as they were when it was called', async () => {
    const { file, stateDir } = await video();
    const seen: unknown[] = [];
    const port = await listening(
      createServer(({ headers }, answer) => {
        seen.push(headers['x-a']);
        options.headers['X-A'] = '\r\n';
        answer.writeHead(500).end();
      }),
    );
    const options = { headers: { 'X-A': 'a' }, stateDir, retries: 1, retryDelayMs: 1 };
    const error = await failureOf(upload(file, { server: `http://127.0.0.1:${port}`, ...options }));
    expect(error).toMatchObject({ kind: 'temporary' });
    expect([...new Set(seen)]).toEqual(['a']);
  });

  it('side by side under one signal are no leak of listeners: Node says nothing', async () => {
    const warnings: unknown[] = [];
    const onWarning = (warning: unknown) => warnings.push(warning);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const ended = new AbortController();
    let requests = 0;
    const port = await listening(
      createServer(() => {
        requests += 1;
        if (requests === 20) ended.abort();
      }),
    );
    const videos = await Promise.all(Array.from({ length: 20 }, video));
    const errors = await Promise.all(
      videos.map(({ file, stateDir }) =>
        failureOf(upload(file, { server: `http://127.0.0.1:${port}`, stateDir, signal: ended.signal })),
      ),
    );
    expect(new Set(errors.map(({ kind }) => kind))).toEqual(new Set(['interrupted']));
    expect(warnings).toEqual([]);
  });

  it.each([[undefined], [null], ['http://127.0.0.1']])(
    'refuses %s in the place of options',
    async (options) => {
      const error = await failureOf(upload('video.mp4', options as unknown as UploadOptions));
      expect(error).toMatchObject({ name: 'PulseError', kind: 'usage' });
      expect(error.message).toMatch(/^the options are .*, expected an object with a server$/);
    },
  );

  it('says that no server is named, rather than what a text of nothing could mean', async () => {
    const error = await failureOf(upload('video.mp4', {} as UploadOptions));
    expect(error).toMatchObject({ name: 'PulseError', kind: 'usage' });
    expect(error.message).toBe('the options name no server, expected its base URL');
    expect(error.hint).toMatch(/^write for example upload\('video\.mp4', /);
  });

  it.each([[undefined], [null], [''], [7]])(
    'refuses %j in the place of the file, asking nobody',
    async (file) => {
      let requests = 0;
      const port = await listening(createServer((_, answer) => answer.end(String(requests++))));
      const server = `http://127.0.0.1:${port}`;
      const error = await failureOf(upload(file as unknown as string, { server }));
      expect(error).toMatchObject({ name: 'PulseError', kind: 'usage' });
      expect(error.message).toMatch(/^the file is (undefined|null|empty|7), expected a path$/);
      expect(requests).toBe(0);
    },
  );

  it('keeps an option that is undefined at its default', async () => {
    const { file, stateDir } = await video();
    const server = await served();
    const options = { server: server.url, stateDir, chunkBytes: undefined, token: undefined };
    expect(await upload(file, options as unknown as UploadOptions)).toMatchObject({ proven: true });
  });

  it('never hands out a token, whatever a server echoes', async () => {
    const { file, stateDir } = await video();
    const echo: RequestListener = (request, answer) => {
      const said = String(request.headers['x-upload-token'] ?? request.headers.authorization);
      answer
        .writeHead(403, { 'Content-Type': 'application/json' })
        .end(JSON.stringify({ error: `no: ${said}` }));
      request.resume();
    };
    const port = await listening(createServer(echo));
    const events: PulseEvent[] = [];
    const error = await failureOf(
      upload(file, {
        server: `http://127.0.0.1:${port}`,
        stateDir,
        protocol: 'pulse',
        token: TOKEN,
        onEvent: (event) => events.push(event),
      }),
    );
    expect(error).toMatchObject({ kind: 'refused' });
    expect(error.message).toContain('no: [token]');
    const everything = [
      JSON.stringify(events),
      error.message,
      error.hint,
      error.stack,
      JSON.stringify(error.cause),
    ];
    expect(everything.join('\n')).not.toContain(TOKEN);
  });

  it('sends no token in clear text to a public host', async () => {
    const { file, stateDir } = await video();
    const error = await failureOf(
      upload(file, { server: 'http://videos.example.org', stateDir, token: TOKEN }),
    );
    expect(error).toMatchObject({ kind: 'usage', hint: expect.stringContaining('allowInsecureToken: true') });
  });

  it('looks at the file before it asks the server anything, or waits for it', async () => {
    const requests: string[] = [];
    const port = await listening(
      createServer(({ url = '' }, answer) => {
        requests.push(url);
        answer.writeHead(503).end();
      }),
    );
    const dir = await folder();
    const options = { server: `http://127.0.0.1:${port}`, stateDir: join(dir, 'state'), retries: 0 };
    for (const [file, message] of [
      [join(dir, 'missing.mp4'), /missing\.mp4 does not exist$/],
      [dir, /is a folder, expected a file$/],
    ] as const)
      expect(await failureOf(upload(file, options))).toMatchObject({
        kind: 'input',
        exitCode: 3,
        message: expect.stringMatching(message),
      });
    expect(requests).toEqual([]);
  });

  it('rejects with kind interrupted where its signal has fired before anything was sent', async () => {
    const { file, stateDir } = await video();
    const signal = AbortSignal.abort();
    const error = await failureOf(upload(file, { server: 'http://127.0.0.1:9', stateDir, signal }));
    expect(error).toMatchObject({ name: 'PulseError', kind: 'interrupted' });
  });

  it.each([
    ['upload.created', 1],
    ['upload.progress', 1],
    ['upload.progress', 2],
    ['upload.done', 1],
  ])(
    'whose onEvent throws at %s (%i) rejects with that very error, and tells nothing more',
    async (type, nth) => {
      const { file, stateDir } = await video();
      // Of one chunk the slices but the first are told of from a callback of the event loop.
      const chunkBytes = 4 * 1024 * 1024;
      await writeFile(file, Buffer.alloc(chunkBytes, 7));
      const server = await served();
      const uncaught: unknown[] = [];
      const onUncaught = (error: unknown) => uncaught.push(error);
      process.on('uncaughtException', onUncaught);
      onTestFinished(() => void process.off('uncaughtException', onUncaught));
      const mine = new TypeError('my own mistake');
      const told: string[] = [];
      const onEvent = (event: PulseEvent) => {
        told.push(event.type);
        if (told.filter((each) => each === type).length === nth) throw mine;
        // Progress is told ten times a second: the next slice will be late enough to be told of.
        if (event.type === 'upload.progress')
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
      };
      const options = { server: server.url, stateDir, protocol: 'pulse', chunkBytes };
      expect(await failureOf(upload(file, { ...options, onEvent }))).toBe(mine);
      expect([told.at(-1), uncaught]).toEqual([type, []]);
      // What the server has is kept, and so is what is known of it.
      const again: string[] = [];
      const ended = upload(file, { ...options, onEvent: (event) => again.push(event.type) });
      expect(await ended).toMatchObject({ proven: true });
      expect(again[0]).toBe(type === 'upload.done' ? 'upload.created' : 'upload.resumed');
    },
  );

  it('whose onEvent is a promise that rejects while the upload runs rejects with that very error', async () => {
    const { file, stateDir } = await video();
    await writeFile(file, Buffer.alloc(4 * 1024 * 1024, 7));
    const server = await served();
    const mine = new TypeError('my own mistake');
    const told: string[] = [];
    const onEvent = async ({ type }: PulseEvent) => {
      told.push(type);
      if (type === 'upload.created') throw mine;
    };
    const options = { server: server.url, stateDir, protocol: 'pulse', chunkBytes: 64 * 1024 };
    expect(await failureOf(upload(file, { ...options, onEvent }))).toBe(mine);
    expect(told).not.toContain('upload.done');
  });

  it('trusts the authority that it is given, and no other', async () => {
    const { file, stateDir } = await video();
    const authority = await makeAuthority('Library Test Authority');
    const identity = await makeIdentity({ name: 'server', hosts: ['127.0.0.1'], by: authority });
    let requests = 0;
    const secure = createSecureServer(identity, (request, answer) => {
      requests += 1;
      request.resume();
      answer.writeHead(404).end();
    });
    const server = `https://127.0.0.1:${await listening(secure as unknown as ReturnType<typeof createServer>)}`;
    const options = { server, stateDir, protocol: 'pulse', retries: 0 };
    expect((await failureOf(upload(file, options))).message).toMatch(/certificate/);
    expect(requests).toBe(0);
    const trusting = await failureOf(upload(file, { ...options, tls: { ca: authority.cert } }));
    expect(trusting.message).toMatch(/404/);
    expect(requests).toBe(1);
  });

  it('refuses certificates that OpenSSL does not take, before anything is opened', async () => {
    const { file, stateDir } = await video();
    const weak = await makeIdentity({ name: 'weak', tooShort: true });
    for (const [tls, words] of [
      [weak, 'ee key too small'],
      [{ cert: 'no PEM' }, 'no start line'],
      [{ ...weak, cert: 7 as unknown as string }, 'must be of type string'],
    ] as const) {
      const error = await failureOf(upload(file, { server: 'https://127.0.0.1:1', stateDir, tls }));
      expect(error).toMatchObject({
        name: 'PulseError',
        kind: 'usage',
        message: expect.stringContaining(words),
      });
      expect(error.message).toMatch(/^the option tls cannot be used/);
    }
  });

  it('goes through a proxy where it is told of one, and only then', async () => {
    const { file, stateDir } = await video();
    const server = await served();
    // A name that only the proxy knows: this machine itself is never reached through one.
    const named = new URL(server.url.replace('127.0.0.1', 'uploads.invalid'));
    const proxy = await startForwardProxy({ hosts: { [named.host]: new URL(server.url).host } });
    onTestFinished(() => proxy.close());
    const options = { server: named, stateDir, protocol: 'pulse', retries: 0 };
    expect(await failureOf(upload(file, options))).toMatchObject({ kind: 'temporary' });
    const proxyEnvironment = { HTTP_PROXY: proxy.url.href };
    expect(await upload(file, { ...options, proxyEnvironment })).toMatchObject({ proven: true });
    expect(proxy.log.length).toBeGreaterThan(0);
  });
});
