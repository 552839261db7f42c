import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { defects } from '../../src/server/defects.ts';
import { type Running, runBin, startBin, temporaryFolder } from './run-bin.ts';

/** Starts `pulse-upload serve` on any free port and waits for its URL. */
async function serve(args: readonly string[] = []): Promise<{ running: Running; url: string; dir: string }> {
  const dir = await temporaryFolder();
  const running = startBin(['serve', '--port', '0', '--dir', join(dir, 'uploads'), ...args], { cwd: dir });
  const url = (await running.until('stdout', /\n/)).trimEnd();
  return { running, url, dir };
}

describe('pulse-upload serve', () => {
  test('prints its URL alone on stdout, and takes an upload there', async () => {
    const { running, url, dir } = await serve();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const bytes = randomBytes(2_000_000);
    await writeFile(join(dir, 'video.mp4'), bytes);
    const env = { PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
    const upload = await runBin(['video.mp4', '--server', url], { cwd: dir, env });
    expect(upload.code).toBe(0);
    expect(upload.stderr).toContain('proven  yes');
    const names = await readdir(join(dir, 'uploads'));
    const stored = names.filter((name) => name.endsWith('video.mp4'));
    expect(stored).toHaveLength(1);
    expect((await readFile(join(dir, 'uploads', stored[0] ?? ''))).equals(bytes)).toBe(true);
    const log = await running.until('stderr', /finalize/);
    expect(log).toMatch(
      new RegExp(`  try   pulse-upload video.mp4 --server ${url}\n  page  ${url}/\n  stop  Ctrl-C\n`),
    );
    expect(log).toMatch(/^time=\S+ method=PATCH path=\/uploads\/\S+ status=204 requestBytes=1048576 /m);
  });

  test.each([
    [['--protocol', 'tus'], /(^|,)concatenation-unfinished$/],
    [
      ['--protocol', 'tus', '--extensions', 'checksum,creation', '--expire-after', '1h'],
      /^creation,checksum,expiration$/,
    ],
    [[], /^creation,creation-with-upload,termination$/],
    [['--extensions', 'all'], /checksum/],
  ])('%j: offers what was asked for', async (args, extensions) => {
    const { url, running } = await serve(args);
    const at = args.includes('tus') ? url : `${url}/uploads`;
    const answer = await fetch(at, { method: 'OPTIONS' });
    expect(answer.headers.get('tus-extension')).toMatch(extensions);
    running.child.kill();
  });

  test.each([
    ['checksums', /--extensions is 'checksums', expected all, none, or names.*\n.*choose among creation, /s],
    ['expiration', /--expire-after <time>/],
  ])('--extensions %s is no extension', async (name, words) => {
    const { code, stderr } = await runBin(['serve', '--port', '0', '--extensions', name]);
    expect(code).toBe(2);
    expect(stderr).toMatch(words);
  });

  test('has a page for people, unless it is told not to', async () => {
    const { url, running } = await serve();
    expect((await fetch(`${url}/`)).headers.get('content-type')).toMatch(/^text\/html/);
    expect(await running.until('stderr', / {2}stop /)).toContain(`  page  ${url}/\n`);
    running.child.kill();
    const { url: bare, running: other } = await serve(['--no-page']);
    expect((await fetch(`${bare}/`)).status).toBe(404);
    other.child.kill();
  });

  test.each([
    ['https://app.example.org/path', 'next: write for example https://app.example.org\n'],
    ['app.example.org', 'next: write for example https://app.example.org\n'],
  ])('--cors %s is no origin', async (text, next) => {
    const { code, stderr } = await runBin(['serve', '--port', '0', '--cors', text]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(next)]);
  });

  test.skipIf(process.platform === 'win32').each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends it in order, with exit code 0',
    async (signal) => {
      const { running, url } = await serve();
      running.child.kill(signal);
      expect(await running.ended).toMatchObject({ code: 0, signal: null, stdout: `${url}\n` });
    },
  );

  test('writes its access log as NDJSON with --json, and nothing else on stderr', async () => {
    const { running, url } = await serve(['--json']);
    await fetch(`${url}/health`);
    const log = await running.until('stderr', /\n/);
    expect(JSON.parse(log)).toMatchObject({ method: 'GET', path: '/health', status: 200 });
  });

  test('says nothing on stderr with --quiet', async () => {
    const { running, url } = await serve(['--quiet', '--host', '0.0.0.0']);
    await fetch(url.replace('0.0.0.0', '127.0.0.1'));
    running.child.kill();
    expect((await running.ended).stderr).toBe('');
  });

  test('speaks tus at /files', async () => {
    const { url } = await serve(['--protocol', 'tus']);
    expect(url).toMatch(/\/files$/);
    const answer = await fetch(url, { method: 'OPTIONS' });
    expect(answer.headers.get('tus-version')).toContain('1.0.0');
  });

  test('asks for the token in the file, and never shows it', async () => {
    const folder = await temporaryFolder();
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 's3cret\n');
    const { running, url, dir } = await serve(['--token-file', tokenFile]);
    await writeFile(join(dir, 'video.mp4'), 'x');
    const env = { PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
    expect((await runBin(['video.mp4', '-s', url], { cwd: dir, env })).code).toBe(5);
    const upload = await runBin(['video.mp4', '-s', url, '--token-file', tokenFile], { cwd: dir, env });
    expect(upload.code).toBe(0);
    const log = await running.until('stderr', /path=\/uploads\/finalize status=200/);
    expect(log).toContain('--token-file');
    expect(log + upload.stdout + upload.stderr).not.toContain('s3cret');
  });

  test('binds tokens of protocol v1 to the artifact that stands behind them', async () => {
    const folder = await temporaryFolder();
    const [tokenFile, own, wrong] = ['tokens', 'own', 'wrong'].map((name) => join(folder, name));
    const [id, other] = ['6f1c2d3e-4a5b-4c6d-8e7f-90a1b2c3d4e5', '00000000-0000-4000-8000-000000000000'];
    await writeFile(tokenFile ?? '', `s3cret ${id}\n`);
    await writeFile(own ?? '', 's3cret\n');
    await writeFile(wrong ?? '', 'one\ntwo\n');
    const { url, dir, running } = await serve(['--protocol', 'pulse-v1', '--token-file', tokenFile ?? '']);
    // A file of such lines is for the server; a client that is given it refuses it.
    expect(await running.until('stderr', /stop /)).toContain("--token '<token>' --metadata 'artifactId=");
    await writeFile(join(dir, 'video.mp4'), 'x');
    const env = { PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
    const upload = (artifactId = '') =>
      runBin(['video.mp4', '-s', url, '--token-file', own ?? '', '--metadata', `artifactId=${artifactId}`], {
        cwd: dir,
        env,
      });
    expect((await upload(other)).code).toBe(5);
    expect((await upload(id)).code).toBe(0);

    const refused = await runBin(['serve', '--protocol', 'pulse-v1', '--token-file', wrong ?? '']);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('holds 2 tokens that are good for everything, expected one at most');
  });

  test('refuses what is larger than --max-size', async () => {
    const { url, dir } = await serve(['--max-size', '10']);
    await writeFile(join(dir, 'video.mp4'), 'eleven bytes');
    const env = { PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
    expect((await runBin(['video.mp4', '-s', url], { cwd: dir, env })).code).toBe(5);
  });

  test('warns when anybody may upload from elsewhere', async () => {
    const { running } = await serve(['--host', '0.0.0.0']);
    expect(await running.until('stderr', / {2}stop /)).toMatch(
      /^warning: whoever reaches 0\.0\.0\.0 can upload and read files: no token is asked for$/m,
    );
  });
});

describe('pulse-upload serve --defect', () => {
  /** What the first lines say to try. */
  const findingArgs = (stderr: string) => {
    const command = / try: pulse-upload (verify .*)\n/.exec(stderr)?.[1] ?? '';
    return command.split(' ').map((word) => word.replace(/^'(.*)'$/, '$1'));
  };

  test('says so before everything else, and verify finds it by the command that it shows', async () => {
    const { running, url } = await serve(['--defect', 'finalize-incomplete']);
    const stderr = await running.until('stderr', /^ {2}stop {2}/m);
    expect(stderr).toMatch(
      /^warning: this server is wrong on purpose; never use it for real uploads\nwarning: finalize-incomplete: .+\n {4}try: /,
    );
    const args = findingArgs(stderr);
    expect(args.slice(0, 3)).toEqual(['verify', url, '--only']);
    const { code, stdout } = await runBin(args);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^fail {2}pulse\.finalize\.incomplete /m);
  });

  test('says so with --quiet, and as JSON with --json', async () => {
    const quiet = await serve(['--defect', 'head-202', '--quiet']);
    expect(await quiet.running.until('stderr', /^ *try: .*\n/m)).toMatch(/^warning: this server is wrong /);
    const json = await serve(['--defect', 'head-202', '--json']);
    const line = (await json.running.until('stderr', /\n/)).trimEnd();
    expect(JSON.parse(line)).toMatchObject({ type: 'defect', id: 'head-202', warning: expect.any(String) });
  });

  test('makes several mistakes at once', async () => {
    const { running, url } = await serve([
      '--defect',
      'finalize-201,finalize-incomplete',
      '--defect',
      'finalize-201',
    ]);
    const stderr = await running.until('stderr', /^ {2}stop {2}/m);
    expect(stderr.match(/^warning: /gm)).toHaveLength(3);
    const { stdout } = await runBin([
      'verify',
      url,
      '--only',
      'pulse.finalize.200,pulse.finalize.incomplete',
    ]);
    expect(stdout).toMatch(/^warn {2}pulse\.finalize\.200 /m);
    expect(stdout).toMatch(/^fail {2}pulse\.finalize\.incomplete /m);
  });

  test('takes what the defect needs: the protocol, a limit, a token', async () => {
    const { url } = await serve(['--defect', 'maximum-not-enforced']);
    expect(url).toMatch(/\/files$/);
    const answer = await fetch(url, { method: 'OPTIONS' });
    expect(answer.headers.get('tus-max-size')).toMatch(/^\d+$/);

    const tokenFile = join(await temporaryFolder(), 'token');
    await writeFile(tokenFile, 's3cret\n');
    const guarded = await serve(['--defect', 'head-is-open', '--token-file', tokenFile]);
    const args = findingArgs(await guarded.running.until('stderr', /^ {2}stop {2}/m));
    expect(args.slice(-2)).toEqual(['--token-file', tokenFile]);
  });

  test.skipIf(process.platform === 'win32')('shows the command that reads back what is stored', async () => {
    const { running, url, dir } = await serve(['--defect', 'finalize-of-what-came']);
    const stderr = await running.until('stderr', /^ {2}stop {2}/m);
    const [, only = '', command = ''] =
      / try: pulse-upload verify \S+ --only (\S+) --read-back '(.*)'\n/.exec(stderr) ?? [];
    expect(command).toBe(`cat "${join(dir, 'uploads')}/$UPLOAD_FILENAME"`);
    expect(only).toContain('data.disconnect.fin');
    const asked = ['verify', url, '--only', 'data.disconnect.fin'];
    expect((await runBin(asked)).code).toBe(0);
    const { code, stdout } = await runBin([...asked, '--read-back', command]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/your command reads back [\d,]+ bytes/);
  });

  test('takes two tokens that are bound to an artifact each, where the defect is about them', async () => {
    const id = 'v1-first-id-authorised-last-one-used';
    const tokenFile = join(await temporaryFolder(), 'tokens');
    const [one, two] = ['6f1c2d3e-4a5b-4c6d-8e7f-90a1b2c3d4e5', '0b7e9a52-1c3d-4e5f-8a6b-7c8d9e0f1a2b'];
    await writeFile(tokenFile, `s3cret ${one}\n`);
    const refused = await runBin(['serve', '--defect', id, '--token-file', tokenFile]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('shows only where two tokens are bound to an artifact each');

    await writeFile(tokenFile, `s3cret ${one}\nother ${two}\n`);
    const { running } = await serve(['--defect', id, '--token-file', tokenFile]);
    const shown = findingArgs(await running.until('stderr', /^ {2}stop {2}/m));
    const given = ['s3cret', one, 'other', two].values();
    const args = shown.map((word) => (word.startsWith('<') ? (given.next().value ?? '') : word));
    const { code, stdout } = await runBin(args);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^fail {2}v1\.route\.same-id /m);
    expect(stdout).toMatch(/^fail {2}v1\.route\.variants /m);
  });

  test('--list-defects names them all', async () => {
    const { code, stdout, stderr } = await runBin(['serve', '--list-defects']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(defects.map(({ id }) => id));
    const json = await runBin(['serve', '--list-defects', '--json']);
    expect(JSON.parse(json.stdout.split('\n')[0] ?? '')).toMatchObject({
      type: 'defect',
      id: defects[0]?.id,
    });
  });
});

describe('pulse-upload serve refuses', () => {
  test('a port that is taken', async () => {
    const { url } = await serve();
    const dir = await temporaryFolder();
    const { port } = new URL(url);
    expect(await runBin(['serve', '--port', port, '--dir', dir])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `error: 127.0.0.1:${port}: another program listens there, expected a free port\n next: stop that program, or choose another port; port 0 takes any that is free\n`,
    });
  });

  test('an address that is not this machine’s', async () => {
    const dir = await temporaryFolder();
    const { code, stderr } = await runBin(['serve', '--host', '192.0.2.1', '--port', '0', '--dir', dir]);
    expect(code).toBe(2);
    expect(stderr).toContain('error: 192.0.2.1:0: this is no address of this machine\n next: ');
  });

  test('a folder that is a file', async () => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, 'file'), '');
    const { code, stderr } = await runBin(['serve', '--port', '0', '--dir', join(dir, 'file')]);
    expect(code).toBe(3);
    expect(stderr).toContain(join(dir, 'file'));
  });

  test.runIf(process.platform === 'linux')('a folder that cannot be made, at once', async () => {
    const { code, stderr } = await runBin(['serve', '--port', '0', '--dir', '/proc/none/uploads']);
    expect(code).toBe(3);
    expect(stderr).toContain('the folder /proc/none/uploads cannot be used for uploads (ENOENT)');
  });

  test.each([
    [['video.mp4'], "serve got 'video.mp4', expected options only"],
    [['--port', '99999'], "--port is '99999', expected a port from 0 to 65535"],
    [['--max-size', '0'], "--max-size is '0', expected a size of at least one byte"],
    [['--protocol', 'auto'], "--protocol is 'auto', expected pulse, tus or pulse-v1"],
    [['--prt', '1'], "unknown option '--prt'"],
    [['--defect', 'head-220'], 'there is no defect head-220\n next: did you mean head-202?'],
    [['--defect', 'nothing'], 'there is no defect nothing\n next: pulse-upload serve --list-defects'],
    [
      ['--defect', 'offset-empty-is-0,offset-parse-int'],
      'offset-empty-is-0 and offset-parse-int change the same step',
    ],
    [['--defect', 'head-is-open'], 'head-is-open shows only where a token is asked for'],
    [
      ['--defect', 'maximum-not-enforced', '--protocol', 'pulse'],
      'maximum-not-enforced shows only in plain tus',
    ],
  ])('%j as a usage error', async (args, message) => {
    const { code, stderr } = await runBin(['serve', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(`error: ${message}`);
  });
});
