import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { expect, it, onTestFinished } from 'vitest';
import { payload, subject } from '../server/harness.ts';
import { runBin, startBin, temporaryFolder } from './run-bin.ts';

const TOKEN = 'the-token-that-opens-everything';

/** The verdicts by check id, of a run with --json. */
function verdicts(stdout: string): Readonly<Record<string, string>> {
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return Object.fromEntries(
    events.filter(({ type }) => type === 'check.end').map(({ id, verdict }) => [id, verdict]),
  );
}

const only = ['--only', 'v1.link.*'];

it('a good link passes, and its token stands in nothing that is printed or kept', async () => {
  const dir = await temporaryFolder();
  const server = await subject({ protocol: 'pulse-v1', token: TOKEN });
  const link = server.pairingLink?.() ?? '';
  const token = new URL(link).searchParams.get('token') ?? '';
  await writeFile(join(dir, 'link'), `${link}\n`);
  const env = { PULSE_UPLOAD_TOKEN: TOKEN };
  const args = ['verify', server.url, ...only, '--intrusive', '--link', '@link'];
  const kept = ['--record', 'run.ndjson', '--report', 'json=run.json', '--report', 'html=run.html'];
  const run = await runBin([...args, ...kept, '--json'], { cwd: dir, env });
  expect([run.code, new Set(Object.values(verdicts(run.stdout)))]).toEqual([0, new Set(['pass'])]);
  const words = await runBin([...args, '-v'], { cwd: dir, env: { ...env, PULSE_UPLOAD_LINK: link } });
  expect(JSON.parse(await readFile(join(dir, 'run.json'), 'utf8')).command).toContain(' --link @link ');
  const files = await Promise.all(
    ['run.ndjson', 'run.json', 'run.html'].map((name) => readFile(join(dir, name), 'utf8')),
  );
  const shown = [run.stdout, run.stderr, words.stdout, words.stderr, ...files].join('\n');
  for (const secret of [token, encodeURIComponent(token), token.split('.')[1] ?? '', TOKEN])
    expect(shown).not.toContain(secret);
  // The same verdicts come out of the recordings alone.
  const again = await runBin(['report', '--judge', 'run.ndjson', '--to', 'json'], { cwd: dir });
  const unjudged = await runBin(['report', 'run.ndjson', '--to', 'json'], { cwd: dir });
  expect([unjudged.code, unjudged.stderr]).toEqual([3, expect.stringContaining('add --judge')]);
  const { results } = JSON.parse(again.stdout) as { results: { id: string; verdict: string }[] };
  expect(Object.fromEntries(results.map(({ id, verdict }) => [id, verdict]))).toEqual(verdicts(run.stdout));
});

it('a link alone is enough to check it: no other credential is needed, and nothing is left behind', async () => {
  const server = await subject({ protocol: 'pulse-v1', token: TOKEN });
  const link = server.pairingLink?.() ?? '';
  const report = join(await temporaryFolder(), 'run.json');
  const args = ['verify', server.url, ...only, '--intrusive', '--json', '--report', `json=${report}`];
  const run = await runBin(args, { env: { PULSE_UPLOAD_LINK: link } });
  expect([run.code, new Set(Object.values(verdicts(run.stdout)))]).toEqual([0, new Set(['pass'])]);
  expect(JSON.parse(await readFile(report, 'utf8')).leftovers).toEqual({ created: 1, removed: 1 });
  // One that is no longer good is a finding about the link, and nothing for which another credential would help.
  const worn = `${link.slice(0, -1)}${link.endsWith('A') ? 'E' : 'A'}`;
  const again = await runBin(args, { env: { PULSE_UPLOAD_LINK: worn } });
  expect(again.code).toBe(1);
  expect(verdicts(again.stdout)).toMatchObject({
    'v1.link.unreserved': 'fail',
    'v1.link.token-scoped': 'skip',
  });
});

it('curl commands name a variable in place of the token', async () => {
  const server = await subject({
    protocol: 'pulse-v1',
    token: TOKEN,
    behaviour: {
      filter: async ({ request }, next) => {
        const reply = await next();
        return request.method === 'POST' && reply.status === 201 ? { ...reply, status: 409 } : reply;
      },
    },
  });
  const link = server.pairingLink?.() ?? '';
  const env = { PULSE_UPLOAD_TOKEN: TOKEN, PULSE_UPLOAD_LINK: link };
  const { code, stdout, stderr } = await runBin(
    ['verify', server.url, '--only', 'v1.link.unreserved', '--intrusive'],
    { env },
  );
  expect([code, stdout + stderr]).toEqual([1, expect.stringContaining('Bearer \'"$LINK_TOKEN"')]);
});

it('a link to another origin: it is said, and nothing is sent there, nor its token here', async () => {
  const requests: string[] = [];
  const other = createServer(({ url = '' }, answer) => {
    requests.push(url);
    answer.end();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const tokens: (string | undefined)[] = [];
  const server = await subject({
    protocol: 'pulse-v1',
    token: TOKEN,
    behaviour: {
      filter: async ({ request }, next) => {
        tokens.push(request.headers.authorization);
        return next();
      },
    },
  });
  const link = new URL(server.pairingLink?.() ?? '');
  const elsewhere = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  link.searchParams.set('server', elsewhere);
  const { code, stdout } = await runBin(
    ['verify', server.url, ...only, '--intrusive', '--link', link.href, '--json'],
    { env: { PULSE_UPLOAD_TOKEN: TOKEN } },
  );
  expect(code).toBe(0);
  expect(verdicts(stdout)).toMatchObject({
    'v1.link.server': 'warn',
    'v1.link.token-scoped': 'skip',
    'v1.link.unreserved': 'skip',
  });
  expect(stdout).toContain(`the link is for ${elsewhere}: nothing was sent there`);
  expect(requests).toEqual([]);
  expect(new Set(tokens)).toEqual(new Set([`Bearer ${TOKEN}`, undefined]));
});

it('without --link the rows are skipped, and without --intrusive the artifact is left alone', async () => {
  const server = await subject({ protocol: 'pulse-v1' });
  const without = await runBin(['verify', server.url, '--only', 'v1.link.*,v1.caps.200', '--json']);
  expect(verdicts(without.stdout)).toMatchObject({ 'v1.link.v': 'skip', 'v1.link.unreserved': 'skip' });
  expect(without.stdout).toContain('needs --link');
  const link = server.pairingLink?.() ?? '';
  const kept = await runBin(['verify', server.url, ...only, '--link', link, '--json']);
  expect(verdicts(kept.stdout)).toMatchObject({ 'v1.link.v': 'pass', 'v1.link.unreserved': 'skip' });
  const created = server.log.map((entry) => JSON.stringify(entry)).join('\n');
  expect(created).not.toContain(new URL(link).searchParams.get('artifactId'));
});

it.each([
  [['--link', ''], 2, /--link holds no pairing link/],
  [['--link', '@missing'], 3, /--link missing does not exist/],
])('%j is refused before anything is sent', async (args, code, words) => {
  const dir = await temporaryFolder();
  const run = await runBin(['verify', 'http://127.0.0.1:1', ...args], { cwd: dir });
  expect([run.code, run.stderr]).toEqual([code, expect.stringMatching(words)]);
});

it('under a protocol that has no links it is said that this one is not looked at', async () => {
  const server = await subject({ protocol: 'pulse' });
  const args = ['verify', server.url, '--only', 'core.head.status', '--link', 'pulsecam:nonsense'];
  const said = 'the pairing link is not looked at: only protocol v1 has one';
  expect(await runBin(args)).toMatchObject({ code: 0, stdout: expect.stringContaining(said) });
});

it('serve writes a link into a file of its own, with which one artifact can be uploaded', async () => {
  const dir = await temporaryFolder();
  await writeFile(join(dir, 'token'), TOKEN);
  await writeFile(join(dir, 'video.mp4'), payload(100_000));
  const args = ['--protocol', 'pulse-v1', '--token-file', 'token', '--pairing-link', 'link'];
  const running = startBin(['serve', '--port', '0', ...args], { cwd: dir });
  await running.until('stderr', / {2}stop /);
  if (process.platform !== 'win32') expect((await stat(join(dir, 'link'))).mode & 0o777).toBe(0o600);
  const env = { PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
  const upload = await runBin(['video.mp4', '--pairing-link', '@link'], { cwd: dir, env });
  expect([upload.code, upload.stderr]).toEqual([0, expect.anything()]);
  const { artifactId, token } = Object.fromEntries(
    new URL((await readFile(join(dir, 'link'), 'utf8')).trim()).searchParams,
  );
  const stored = await readFile(join(dir, 'uploads', `${artifactId}.mp4`));
  expect(createHash('sha256').update(stored).digest()).toEqual(
    createHash('sha256').update(payload(100_000)).digest(),
  );
  running.child.kill();
  const { stdout, stderr } = await running.ended;
  expect(stdout + stderr).not.toContain(token);
  expect(stdout + stderr).not.toContain('pulsecam');
});

it('an open server shows a link; other protocols have none', async () => {
  const dir = await temporaryFolder();
  const running = startBin(['serve', '--port', '0', '--protocol', 'pulse-v1'], { cwd: dir });
  expect(await running.until('stderr', / {2}stop /)).toMatch(
    /^ {2}link {2}pulsecam:\/\/\?v=1&artifactId=\S+$/m,
  );
  running.child.kill();
  const { code, stderr } = await runBin(['serve', '--port', '0', '--pairing-link', 'link'], { cwd: dir });
  expect([code, stderr]).toEqual([2, expect.stringMatching(/--pairing-link is for pulse-v1/)]);
});
