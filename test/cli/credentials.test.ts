import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeAuthority, makeIdentity } from '../transport/certificates.ts';
import { type ScriptedOptions, startScriptedServer } from '../upload/scripted-server.ts';
import { runBin, temporaryFolder } from './run-bin.ts';

const TOKEN = 's3cr/t+T0ken==x';
/** Every spelling begins with one of these: as it is, percent-encoded, every byte encoded, base64 with 0 to 2 bytes before. */
const traces = [
  's3cr',
  encodeURIComponent(TOKEN),
  '%73%33%63%72',
  ...[0, 1, 2].map((shift) =>
    Buffer.from(`${'u:'.slice(2 - shift)}${TOKEN}`)
      .toString('base64')
      .slice(4, 12),
  ),
];

const echo = [
  TOKEN,
  encodeURIComponent(TOKEN),
  encodeURIComponent(TOKEN).replace(/%../g, (hex) => hex.toLowerCase()),
  Buffer.from(TOKEN).toString('hex').replace(/../g, '%$&'),
  Buffer.from(TOKEN).toString('base64'),
  Buffer.from(`u:${TOKEN}`).toString('base64'),
  JSON.stringify({ token: TOKEN }),
].join(' ');

async function scripted(options: ScriptedOptions = {}) {
  const server = await startScriptedServer(options);
  onTestFinished(() => server.close());
  return server;
}

async function scene(sizeBytes = 3_000_000) {
  const dir = await temporaryFolder();
  const file = join(dir, 'video.mp4');
  await writeFile(file, Buffer.alloc(sizeBytes, 5));
  const tokenFile = join(dir, 'token');
  await writeFile(tokenFile, `${TOKEN}\n`);
  const stateDir = join(dir, 'state');
  const upload = (...args: string[]) =>
    runBin([file, '--token-file', tokenFile, '--retry-delay', '1ms', ...args], {
      env: { PULSE_UPLOAD_STATE_DIR: stateDir },
    });
  return { dir, file, tokenFile, stateDir, upload };
}

function expectNoTrace(text: string): void {
  for (const trace of traces) expect(text).not.toContain(trace);
}

/** Everything that was written down, file names included. */
function stateOf(dir: string): string {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.name}\n${readFileSync(join(entry.parentPath, entry.name), 'latin1')}`)
    .join('\n');
}

describe('a token that the server echoes', () => {
  test.each([['--verbose'], ['--json', '--verbose'], ['--progress', 'plain']])(
    'is neither shown nor stored, and the upload resumes: %s %s',
    async (...args) => {
      const query = `?token=${encodeURIComponent(TOKEN)}&again=${TOKEN}`;
      const server = await scripted({ location: (id) => `/uploads/${id}${query}` });
      const { upload, stateDir } = await scene();
      server.script.POST = [{ answer: 500, body: echo, headers: { 'Retry-After': '0' } }];
      server.script.PATCH = [{ status: 204 }, { answer: 400, body: echo }];
      const args_ = ['--server', server.url, '--protocol', 'pulse', ...args];

      const first = await upload(...args_);
      expect(first.code).toBe(5);
      expect(first.stderr + first.stdout).toContain('[token]');
      expectNoTrace(first.stdout + first.stderr);
      expect(stateOf(stateDir)).toContain('/uploads/');
      expectNoTrace(stateOf(stateDir));

      server.seen.length = 0;
      const second = await upload(...args_);
      expect(second.code).toBe(0);
      expectNoTrace(second.stdout + second.stderr);
      // It went on at the URL that the server had named, with all its query.
      const [head] = server.seen.filter(({ method }) => method === 'HEAD');
      expect(new URLSearchParams(head?.query).get('token')).toBe(TOKEN);
      expect(server.seen.filter(({ method }) => method === 'POST').map(({ path }) => path)).toEqual([
        '/uploads/finalize',
      ]);
    },
  );

  test('is not shown either where it is as long as they come, and nothing fails for it', async () => {
    const token = Array.from({ length: 2000 }, (_, n) => n.toString(36).padStart(4, '-')).join('');
    const server = await scripted({ location: (id) => `/uploads/${id}?token=${token}` });
    const { dir, file, stateDir } = await scene(10);
    const tokenFile = join(dir, 'long');
    await writeFile(tokenFile, token);
    const args = [file, '-s', server.url, '--token-file', tokenFile, '-v'];
    const { code, stdout, stderr } = await runBin(args, { env: { PULSE_UPLOAD_STATE_DIR: stateDir } });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/\?token=\[token\]\n$/) });
    for (const at of [0, 996, 4_000, 7_960]) expect(stderr).not.toContain(token.slice(at, at + 40));
    expect(server.seen.at(-1)?.headers['x-upload-token']).toBe(token);
  });

  test.each([[[]], [['--json']]])(
    'is not shown by -v %j and --transcript where only a manifest names it',
    async (more) => {
      const server = await scripted({ location: (id) => `/uploads/${encodeURIComponent(TOKEN)}/${id}` });
      const { dir, file, tokenFile, stateDir } = await scene(10);
      const [manifest, transcript] = [join(dir, 'list.jsonl'), join(dir, 'transcript')];
      await writeFile(manifest, JSON.stringify({ file, tokenFile }));
      const args = ['--manifest', manifest, '-s', server.url, '-v', '--transcript', transcript, ...more];
      const { code, stdout, stderr } = await runBin(args, { env: { PULSE_UPLOAD_STATE_DIR: stateDir } });
      expect({ code, stderr }).toMatchObject({ code: 0 });
      for (const text of [stdout + stderr, readFileSync(transcript, 'utf8')]) {
        expect(text).toMatch(/location\W+\/uploads\/\[token\]\//);
        expect(text).toContain(`${server.url}/uploads/[token]/`);
        expectNoTrace(text);
      }
    },
  );

  test('is not shown by verify either, in output, report and recording', async () => {
    const server = await scripted();
    const { dir, tokenFile } = await scene();
    server.script.POST = Array.from({ length: 50 }, () => ({ answer: 403, body: echo }));
    const report = join(dir, 'report.json');
    const recording = join(dir, 'recording.ndjson');
    const { stdout, stderr } = await runBin([
      'verify',
      server.url,
      '--token-file',
      tokenFile,
      '--only',
      'pulse.*',
      '--verbose',
      `--report=json=${report}`,
      `--record=${recording}`,
    ]);
    const all = [stdout, stderr, readFileSync(report, 'utf8'), readFileSync(recording, 'utf8')].join('\n');
    expect(all).toContain("<owner's token>");
    expectNoTrace(all);
  });
});

describe('secrets of the command line', () => {
  test.each([
    [['--server', `https://host/?token=${TOKEN}`]],
    [['--server', `https://user:${TOKEN}@host/`]],
    [[`--tokne=${TOKEN}`, '--server', 'http://127.0.0.1:1']],
    [['--token', `${TOKEN}\n`, '--server', 'http://127.0.0.1:1']],
    [['--header', `X-Token ${TOKEN}`, '--server', 'http://127.0.0.1:1']],
  ])('%j is refused, and not shown', async (args) => {
    const { file } = await scene(10);
    const { code, stdout, stderr } = await runBin([file, ...args]);
    expect(code).toBe(2);
    expectNoTrace(stdout + stderr);
  });

  test('of a server in the environment as well', async () => {
    const { upload } = await scene(10);
    const env = { PULSE_UPLOAD_SERVER: `https://host/?token=${TOKEN}` };
    const { code, stdout, stderr } = await runBin(['verify'], { env });
    expect(code).toBe(2);
    expectNoTrace(stdout + stderr);
    expectNoTrace(JSON.stringify(await upload('--server', `https://${TOKEN}@host`)));
  });
});

describe('another origin', () => {
  /** An https server whose answers name what the test says. */
  async function secureServer(
    answer: (path: string) => Readonly<Record<string, string>> & { status?: string },
  ) {
    const authority = await makeAuthority('Credentials Test Authority');
    const identity = await makeIdentity({ name: 'server', hosts: ['127.0.0.1'], by: authority });
    const seen: string[] = [];
    const server = createServer({ ...identity }, (incoming, response) => {
      seen.push(`${incoming.method} ${incoming.url}`);
      const { status = '201', ...headers } = answer(incoming.url ?? '');
      incoming.resume().on('end', () => response.writeHead(Number(status), headers).end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const dir = await temporaryFolder();
    const ca = join(dir, 'ca.pem');
    await writeFile(ca, authority.cert);
    return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca, seen };
  }

  test('is asked nothing where https would become http', async () => {
    const other = await scripted();
    for (const status of ['201', '301', '302', '303', '307', '308']) {
      const server = await secureServer(() => ({ status, Location: `${other.url}/uploads/1` }));
      const { upload } = await scene(10);
      const args = ['--server', server.url, '--ca-cert', server.ca, '--protocol', 'pulse'];
      const { code, stderr } = await upload(...args);
      expect({ code, status }).toEqual({ code: 6, status });
      expect(stderr).toContain(other.url);
      expect(server.seen).toHaveLength(1);
    }
    expect(other.seen).toEqual([]);
  });

  test('is asked nothing while the protocol is found out', async () => {
    const other = await scripted();
    const server = await secureServer(() => ({ status: '302', Location: `${other.url}/health` }));
    const { upload } = await scene(10);
    expect((await upload('--server', server.url, '--ca-cert', server.ca)).code).not.toBe(0);
    expect(server.seen.length).toBeGreaterThan(1);
    expect(other.seen).toEqual([]);
  });

  test('is asked nothing by verify', async () => {
    const other = await scripted();
    const server = await scripted({ location: (id) => `${other.url}/uploads/${id}` });
    const { tokenFile } = await scene(10);
    const args = ['verify', server.url, '--token-file', tokenFile, '--only', 'pulse.*,core.*'];
    const { code } = await runBin(args);
    expect(code).not.toBe(0);
    expect(server.seen.length).toBeGreaterThan(2);
    expect(other.seen).toEqual([]);
  });
});

describe('a token in clear text', () => {
  const far = 'http://upload.example.com';
  const refused = 'would travel to upload.example.com in clear text (http)';

  test('is refused before any request, by upload and by verify', async () => {
    const { upload, tokenFile } = await scene(10);
    for (const run of [
      upload('--server', far),
      runBin(['verify', far, '--yes', '--token-file', tokenFile]),
    ]) {
      const { code, stderr } = await run;
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(refused) });
      expect(stderr).toContain('--allow-insecure-token');
    }
  });

  test('is refused as well where it stands in the file that a manifest names', async () => {
    const { dir, file, tokenFile } = await scene(10);
    const manifest = join(dir, 'list.jsonl');
    await writeFile(
      manifest,
      [{ file: 'none' }, { file, tokenFile }].map((line) => JSON.stringify(line)).join('\n'),
    );
    for (const more of [[], ['--dry-run']]) {
      const { code, stderr } = await runBin(['--manifest', manifest, '--server', far, ...more]);
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(refused) });
    }
    const server = await scripted();
    expect((await runBin(['--manifest', manifest, '--server', server.url])).code).toBe(3);
    expect(server.finished.size).toBe(1);
    // Not the command line fails here, but the lookup of a name that does not exist.
    const allowed = [
      '--server',
      'http://upload.example.invalid',
      '--allow-insecure-token',
      '--max-outage',
      '1ms',
    ];
    const { stderr } = await runBin(['--manifest', manifest, ...allowed, '--retries', '0']);
    expect(stderr).toMatch(/the host name (is not known|could not be looked up)/);
  });

  test('in a header of the user counts as well', async () => {
    const { file } = await scene(10);
    const { code, stderr } = await runBin([file, '--server', far, '-H', `Authorization: Bearer ${TOKEN}`]);
    expect(code).toBe(2);
    expect(stderr).toContain('the header Authorization would travel to upload.example.com');
    expectNoTrace(stderr);
  });

  test('is sent where the user says so, and to this machine without a word', async () => {
    const server = await scripted();
    const { upload } = await scene(10);
    expect((await upload('--server', server.url)).code).toBe(0);
    // The name cannot be looked up, so nothing leaves this machine: it is the lookup that fails, not the command line.
    const { code, stderr } = await upload(
      '--server',
      'http://upload.example.invalid',
      '--allow-insecure-token',
      '--retries',
      '1',
    );
    expect(code).toBe(4);
    expect(stderr).toContain('host name');
  });
});
