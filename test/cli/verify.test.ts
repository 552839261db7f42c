import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { longFlag } from '../../src/cli/options/option-table.ts';
import { verifyOptions } from '../../src/cli/options/verify.ts';
import { judgedAgain } from '../../src/cli/verify/judge-again.ts';
import { markdownReport } from '../../src/output/verify/reports/markdown.ts';
import { defects } from '../../src/server/defects.ts';
import type { Filter } from '../../src/server/parts.ts';
import { type ServerSettings, startServer } from '../../src/server/server.ts';
import { runBin, startBin, temporaryFolder } from './run-bin.ts';

/** Whole runs take seconds, and start a process on a machine that may be busy. */
const LONG_MS = 120_000;

async function referenceServer(settings: Partial<ServerSettings> = {}): Promise<string> {
  const dir = await temporaryFolder();
  const server = await startServer({ host: '127.0.0.1', port: 0, dir, protocol: 'pulse', ...settings });
  onTestFinished(() => server.close());
  return server.url;
}

const verify = (...args: readonly string[]) => runBin(['verify', ...args]);
const lastLine = (text: string) => text.trimEnd().split('\n').at(-1);
const events = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('verify --help', () => {
  test('fits one screen, names every option, and shows an example', async () => {
    const { code, stdout, stderr } = await verify('--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(79);
    for (const spec of Object.values(verifyOptions)) expect(stdout).toContain(longFlag(spec));
    expect(lines.at(-1)).toMatch(/^Example: pulse-upload verify http/);
  });
});

describe('without a server', () => {
  test('--list names checks, and only the selected ones', async () => {
    const { code, stdout, stderr } = await verify('--list', '--only', 'core.head.*');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const ids = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[0]);
    expect(ids).toContain('core.head.status');
    expect(ids.every((id) => id?.startsWith('core.head.'))).toBe(true);
  });

  test('--explain says what a check asks, and which mistakes it finds', async () => {
    const { code, stdout } = await verify('--explain', 'core.head.status');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^core\.head\.status\n {2}HEAD on an upload/);
    const [, id] = /\n {2}proven by pulse-upload serve --defect (\S+)/.exec(stdout) ?? [];
    expect(defects.map((defect) => defect.id)).toContain(id);
  });

  test('both are JSON with --json', async () => {
    const [list, one] = await Promise.all([
      verify('--list', '--json', '--only', 'core.head.*'),
      verify('--explain', 'core.head.status', '--json'),
    ]);
    expect(events(list.stdout)[0]).toMatchObject({ type: 'check', id: 'core.head.status' });
    expect(events(one.stdout)).toEqual([
      expect.objectContaining({
        id: 'core.head.status',
        sends: { scenario: 'basic-flow', does: expect.any(String) },
        provenBy: expect.arrayContaining([expect.any(String)]),
      }),
    ]);
  });

  test('nothing to verify is a usage error', async () => {
    const { code, stdout, stderr } = await verify();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: no server is given.*\n next: for example: pulse-upload verify http/);
  });

  test.each([
    [['http://127.0.0.1', '--only', 'core.haed.*'], '--only core.haed.* matches no check'],
    [['http://127.0.0.1', '--explain', 'nothing'], 'there is no check nothing'],
    [['http://127.0.0.1', '-q', '-v'], 'exclude each other'],
    [['http://127.0.0.1', '--ony', 'x'], "unknown option '--ony'"],
    [['http://127.0.0.1', 'http://127.0.0.2'], 'verify got 2 URLs'],
  ])('%j is a usage error', async (argv, message) => {
    const { code, stdout, stderr } = await verify(...argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  test('a flag wins over a variable that excludes it', async () => {
    const url = await referenceServer();
    const run = (flag: string, env: Readonly<Record<string, string>>) =>
      runBin(['verify', url, flag, '--only', 'core.head.status'], { env });
    const verbose = await run('-v', { PULSE_UPLOAD_QUIET: '1' });
    expect(verbose.stdout).toContain(url);
    const quiet = await run('-q', { PULSE_UPLOAD_JSON: '1', PULSE_UPLOAD_VERBOSE: '1' });
    expect(quiet.stdout).toBe('');
  });

  test('a usage error is an event under --json', async () => {
    const { code, stdout } = await verify('http://127.0.0.1', '--json', '--only', 'nothing.*');
    expect(code).toBe(2);
    expect(events(stdout)).toMatchObject([
      { type: 'verify.failed', kind: 'usage', exitCode: 2 },
      { type: 'run.end', exitCode: 2, pass: 0 },
    ]);
  });
});

describe('a server on another machine', () => {
  // 192.0.2.0/24 is for documentation (RFC 5737): nothing may be sent there, and nothing is.
  const elsewhere = 'http://192.0.2.1:8080';

  test('is told what will be sent, and sent nothing without --yes', async () => {
    const { code, stdout, stderr } = await verify(elsewhere);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^192\.0\.2\.1:8080 is not this machine\. The run will\n {2}send up to [\d.]+ MiB in \d+ sce/,
    );
    expect(stderr).toContain('error: nothing was sent: a run against another machine needs --yes\n');
  });
});

describe('the reference server', () => {
  test(
    'is not accused for a read-back command that there is none of: exit 2',
    async () => {
      const server = await referenceServer();
      const command = 'no-such-command-here "$UPLOAD_ID"';
      const { code, stdout, stderr } = await verify(server, '--only', 'data.chunk.*', '--read-back', command);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^error: the read-back command failed: exit code \d+.*no-such-command-here/);
      expect(stderr).toContain(`: ${command}\n next: correct the command, `);
    },
    LONG_MS,
  );

  test(
    'is found conformant by a whole run, on one screen',
    async () => {
      const { code, stdout, stderr } = await verify(await referenceServer());
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(lastLine(stdout)).toBe('conformant: nothing that was tried is broken');
      expect(stdout.trimEnd().split('\n').length).toBeLessThan(24);
      expect(stdout).toMatch(/\n {2}assumed {3}pulse, because \/health answered OK\n/);
    },
    LONG_MS,
  );

  test(
    'speaks tus as well',
    async () => {
      const url = await referenceServer({ protocol: 'tus' });
      const { code, stdout } = await verify('--only', 'core.head.*', url, '--protocol', 'tus');
      expect(code).toBe(0);
      expect(stdout).toContain('tus, as you said');
    },
    LONG_MS,
  );

  test(
    'is judged alike whatever the order of the arguments, and the same seed is the same run',
    async () => {
      const url = await referenceServer();
      const args = ['--only', 'core.head.*', '--seed', '7', '--json'];
      const [before, behind] = [await verify(...args, url), await verify(url, ...args)];
      const told = ({ stdout }: { stdout: string }) =>
        events(stdout)
          .filter(({ type }) => type === 'check.end')
          .map(({ id, verdict }) => `${id} ${verdict}`)
          .toSorted();
      expect(told(before).length).toBeGreaterThan(10);
      expect(told(before)).toEqual(told(behind));
      expect(events(before.stdout).at(0)).toMatchObject({ type: 'verify.start', seed: 7, target: url });
      expect(events(before.stdout).at(-1)).toMatchObject({ type: 'run.end', exitCode: 0, fail: 0 });
    },
    LONG_MS,
  );

  test(
    'is shown nothing with --quiet',
    async () => {
      const ended = await verify(await referenceServer(), '-q', '--only', 'core.head.status');
      expect(ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    },
    LONG_MS,
  );
});

/** A server with one mistake: it answers HEAD with 404. */
const headless: Partial<ServerSettings> = {
  behaviour: {
    filter: async ({ request }, next) => {
      const reply = await next();
      return request.method === 'HEAD' ? { ...reply, status: 404 } : reply;
    },
  },
};

describe('a server with a mistake', () => {
  test(
    'is shown it with everything that leads to its cause, and exits 1',
    async () => {
      const { code, stdout } = await verify(await referenceServer(headless), '--only', 'pulse.head.200');
      expect(code).toBe(1);
      expect(stdout).toMatch(/\nCANNOT RESUME\n\nfail {2}pulse\.head\.200 {2}MUST\n/);
      for (const label of ['written', 'scenario', 'sent', 'expected', 'came', 'matters', 'again', 'curl']) {
        expect(stdout).toMatch(new RegExp(`\\n {2}${label} `));
      }
      expect(stdout).toMatch(/HEAD \/uploads\/\S+ -> 404/);
      // Of what every request has, nothing is shown.
      expect(stdout).toMatch(/POST \/uploads \(Upload-Length: \d+\) -> 201/);
      expect(lastLine(stdout)).toMatch(/^not conformant: 1 requirement broken/);
    },
    LONG_MS,
  );

  test(
    'may be expected to have it, but not for ever',
    async () => {
      const path = join(await temporaryFolder(), 'expected.txt');
      writeFileSync(path, 'pulse.head.200 ticket 12\n');
      const expecting = ['--only', 'pulse.head.200', '--expect-failures', path];
      const known = await verify(await referenceServer(headless), ...expecting);
      expect(known.code).toBe(0);
      expect(known.stdout).toContain('1 expected failure');
      const mended = await verify(await referenceServer(), ...expecting);
      expect(mended.code).toBe(1);
      expect(mended.stdout).toContain(
        'pulse.head.200 does not fail any more: take it out of the expect-failures file (ticket 12)',
      );
      const told = await verify(await referenceServer(), ...expecting, '--json');
      expect(events(told.stdout).at(-1)).toMatchObject({ exitCode: 1, fail: 0, stale: ['pulse.head.200'] });
    },
    LONG_MS,
  );

  test(
    'finds it in every report, and in the recordings',
    async () => {
      const dir = await temporaryFolder();
      const path = (name: string) => join(dir, name);
      const { code, stdout } = await verify(
        ...[await referenceServer(headless), '--only', 'pulse.head.200', '--seed', '7'],
        ...['--report', `json=${path('r.json')}`, '--record', path('r.ndjson')],
        ...['--report', `markdown=${path('r.md')}`, '--skip', 'core.*', '--strict'],
      );
      expect(code).toBe(1);
      const report = JSON.parse(readFileSync(path('r.json'), 'utf8'));
      expect(report).toMatchObject({ format: 'pulse-upload-verify-report', exitCode: 1, seed: 7 });
      expect(report.results).toMatchObject([{ id: 'pulse.head.200', verdict: 'fail' }]);
      expect(stdout).toContain(`again     ${report.command} --only pulse.head.200`);
      const [head, ...recordings] = events(readFileSync(path('r.ndjson'), 'utf8'));
      expect(head).toMatchObject({ type: 'run', checks: ['pulse.head.200'] });
      const { wholeCommand } = head.run;
      const words = wholeCommand.split(/ (?=--)/);
      const wanted = ['--only pulse.head.200', "--skip 'core.*'", '--strict', '--seed 7'];
      expect(words.slice(1).toSorted()).toEqual(wanted.toSorted());
      expect(readFileSync(path('r.md'), 'utf8')).toContain(`\nSee it again: \`${wholeCommand}\`\n`);
      expect(markdownReport(judgedAgain('r.ndjson', readFileSync(path('r.ndjson'), 'utf8')))).toContain(
        `\`${wholeCommand}\``,
      );
      expect(recordings.map(({ scenario }) => scenario)).toContain('discovery');
    },
    LONG_MS,
  );
});

describe('secrets', () => {
  test(
    'stand in no output and no file',
    async () => {
      const dir = await temporaryFolder();
      const url = await referenceServer({ token: 'owner-s3cret', ...headless });
      const files = ['r.json', 'r.html', 'r.ndjson'].map((name) => join(dir, name));
      const { stdout, stderr } = await verify(
        ...[
          url,
          '-v',
          '--only',
          'pulse.head.200',
          '--token',
          'owner-s3cret',
          '--second-token',
          'other-s3cret',
        ],
        ...['-H', 'Cookie: session=cookie-s3cret'],
        ...['--report', `json=${files[0]}`, '--report', `html=${files[1]}`, '--record', `${files[2]}`],
      );
      const written = files.map((file) => readFileSync(file, 'utf8')).join('');
      expect(stdout).toMatch(/['"]<token>['"]/);
      expect(written).toContain("<owner's token>");
      expect(stdout + stderr + written).not.toContain('s3cret');
    },
    LONG_MS,
  );
});

test.skipIf(process.platform === 'win32')(
  'whoever reads no more of the events ends the run, which removes what it created',
  async () => {
    const dir = await temporaryFolder();
    const server = await referenceServer({ dir });
    const { child, ended, until } = startBin(['verify', server, '--json', '--only', 'core.patch.*']);
    await until('stdout', /"type":"check.end".*"verdict":"pass"/);
    child.stdout?.destroy();
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 141, stderr: '' });
    expect(readdirSync(join(dir, '.incomplete'))).toEqual(['lock']);
  },
  LONG_MS,
);

describe.skipIf(process.platform === 'win32')('Ctrl-C', () => {
  test(
    'before the first check ends at once, and says so',
    async () => {
      const silent = createServer((socket) => socket.resume());
      silent.listen(0, '127.0.0.1');
      await once(silent, 'listening');
      onTestFinished(() => void silent.close());
      const { child, ended } = startBin([
        'verify',
        `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      ]);
      await once(silent, 'connection');
      child.kill('SIGINT');
      const stoppedMs = performance.now();
      expect(await ended).toMatchObject({
        code: 130,
        stdout: '',
        stderr: 'stopped: before the first check\n',
      });
      expect(performance.now() - stoppedMs).toBeLessThan(5000);
    },
    LONG_MS,
  );

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'in the middle (%s) cleans up, prints what was found, and exits with %i',
    async (signal, code) => {
      const { child, ended, until } = startBin(['verify', await referenceServer(), '--json']);
      await until('stdout', /"type":"check.end".*"verdict":"pass"/);
      child.kill(signal);
      const { stdout, code: exitCode } = await ended;
      const told = events(stdout);
      expect(exitCode).toBe(code);
      expect(told.at(-1)).toMatchObject({ type: 'run.end', exitCode: code, error: 0 });
      expect(told.at(-1).blocked).toBeGreaterThan(0);
      const checks = told.filter(({ type }) => type === 'check.end');
      expect(checks.length).toBe(told[0].checks);
    },
    LONG_MS,
  );

  test(
    'twice says what may be left there',
    async () => {
      let isRemoving: () => void = () => {};
      const removing = new Promise<void>((resolve) => {
        isRemoving = resolve;
      });
      const filter: Filter = async ({ request }, next) => {
        if (request.method === 'DELETE') isRemoving();
        return request.method === 'DELETE' ? new Promise(() => {}) : next();
      };
      const server = await referenceServer({ behaviour: { filter } });
      const { child, ended, until } = startBin(['verify', server, '--json', '--only', 'core.patch.*']);
      await until('stdout', /"type":"check.end".*"verdict":"pass"/);
      child.kill('SIGINT');
      await removing;
      child.kill('SIGINT');
      const { code, stdout, stderr } = await ended;
      const { runId } = events(stdout)[0];
      expect({ code, stderr }).toEqual({
        code: 130,
        stderr: `stopped: at once; uploads may be left there: Upload-Metadata names them pulse-verify-${runId}-…\n`,
      });
    },
    LONG_MS,
  );
});
