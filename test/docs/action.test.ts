import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { startServer } from '../../src/server/server.ts';

interface Step {
  readonly name: string;
  readonly shell: string;
  readonly run: string;
  readonly env?: Readonly<Record<string, string>>;
}

const action = parse(readFileSync('action.yml', 'utf8')) as {
  readonly inputs: Readonly<Record<string, { readonly default?: string; readonly required?: boolean }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
};
const verify = action.runs.steps.find(({ name }) => name === 'Verify');

/** Runs the step as GitHub does: inputs in the variables that the step names, `bash -e -o pipefail` on a file. */
async function runStep(
  inputs: Readonly<Record<string, string>>,
  ofTheJob: Readonly<Record<string, string>> = {},
) {
  const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-action-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const script = join(dir, 'step.sh');
  writeFileSync(script, verify?.run ?? '');
  const given = Object.entries(verify?.env ?? {}).map(([name, text]) => {
    const input = /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(text)?.[1] ?? '';
    return [name, inputs[input] ?? action.inputs[input]?.default ?? ''];
  });
  const env = {
    ...ofTheJob,
    ...Object.fromEntries(given),
    ...{ PATH: process.env.PATH, HOME: dir, GITHUB_ACTION_PATH: resolve('.'), GITHUB_ACTIONS: 'true' },
    ...{ GITHUB_OUTPUT: join(dir, 'output'), GITHUB_STEP_SUMMARY: join(dir, 'summary') },
  };
  const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], { cwd: dir, env });
  let shown = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (shown += part));
  const code = await new Promise((done) => child.on('close', done));
  return {
    code,
    shown,
    files: readdirSync(dir),
    read: (name: string) => readFileSync(join(dir, name), 'utf8'),
  };
}

test('the action is composite, every input is used, and none is code inside of a script', () => {
  expect(action.runs.using).toBe('composite');
  for (const { shell, run } of action.runs.steps) {
    expect(shell).toBe('bash');
    expect(run).not.toContain('${'.concat('{'));
  }
  const used = Object.values(verify?.env ?? {}).map((text) => /inputs\.([a-z-]+)/.exec(text)?.[1]);
  expect(used.toSorted()).toEqual(Object.keys(action.inputs).toSorted());
});

async function serving(settings: Partial<Parameters<typeof startServer>[0]> = {}): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-action-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const server = await startServer({ host: '127.0.0.1', port: 0, dir, protocol: 'pulse', ...settings });
  onTestFinished(() => server.close());
  return server.url;
}

describe.skipIf(process.platform === 'win32')('its step', () => {
  test('verifies a server, and leaves JUnit, HTML, the summary and its outputs', async () => {
    const server = await serving();
    const { code, shown, read } = await runStep({ server, reports: 'my reports' });
    expect({ code, shown }).toMatchObject({ code: 0 });
    expect(read('output')).toBe('exit-code=0\njunit=my reports/verify.xml\n');
    expect(read('my reports/verify.xml')).toContain('<testsuites name="pulse-upload verify ');
    expect(read('my reports/verify.html')).toContain('conformant');
    expect(read('summary')).toContain('conformant');
  });

  test('chooses checks, and hands on further options, one a line', async () => {
    const { code, shown, read } = await runStep({
      server: await serving(),
      only: 'core.head.*,core.options.*',
      skip: 'core.options.*',
      args: '--seed=7\n\n--report=json=all the results.json\n',
    });
    expect({ code, shown }).toMatchObject({ code: 0 });
    const { seed, results } = JSON.parse(read('all the results.json'));
    expect(seed).toBe(7);
    expect(results.length).toBeGreaterThan(0);
    expect(results.filter(({ id }: { id: string }) => !id.startsWith('core.head.'))).toEqual([]);
  });

  test.each([
    ['that of the job where there is no input', {}, { PULSE_UPLOAD_TOKEN: 's3cret' }],
    ['the input, which beats that of the job', { token: 's3cret' }, { PULSE_UPLOAD_TOKEN: 'another' }],
  ])('gives the server a token: %s', async (_what, token, ofTheJob) => {
    const server = await serving({ token: 's3cret' });
    const { code, shown } = await runStep({ server, ...token, only: 'core.head.status' }, ofTheJob);
    expect({ code, shown }).toMatchObject({ code: 0, shown: expect.stringContaining('1 check in') });
  });

  test('fails with the exit code of the run where nothing answers', async () => {
    const { code, read } = await runStep({ server: 'http://127.0.0.1:1' });
    expect(code).toBe(4);
    expect(read('output')).toContain('exit-code=4\n');
  });

  test.each([
    [{ server: 'localhost' }, 'the input server'],
    [{ server: 'http://h/', protocol: 'ftp' }, 'the input protocol'],
    [{ server: 'http://h/', strict: 'yes' }, 'the input strict'],
    [{ server: 'http://h/', 'expect-failures': 'none.txt' }, 'the input expect-failures'],
    [{ server: '$(touch pwned)' }, 'the input server'],
    [{ server: 'http://h/', args: '--strict\n5m' }, "the input args has the line '5m'"],
    [
      { server: 'http://h/', args: '--max-wait 5m' },
      "the input args has the line '--max-wait 5m', .* behind =",
    ],
  ])('refuses %j with an annotation', async (inputs, message) => {
    const { code, shown, files } = await runStep(inputs);
    expect(code).toBe(2);
    expect(shown).toMatch(new RegExp(`^::error::${message}`));
    expect(files).toEqual(['step.sh']);
  });

  test.each(['only', 'skip', 'args'])('takes nothing of the input %s for code', async (input) => {
    const { code, files } = await runStep({
      server: 'http://127.0.0.1:1',
      [input]: '--x=$(touch pwned);`touch b`',
    });
    expect(code).toBe(2);
    expect(files.toSorted()).toEqual(['output', 'pulse-upload-reports', 'step.sh']);
  });
});
