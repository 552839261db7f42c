import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
async function runStep(inputs: Readonly<Record<string, string>>) {
  const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-action-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const script = join(dir, 'step.sh');
  writeFileSync(script, verify?.run ?? '');
  const given = Object.entries(verify?.env ?? {}).map(([name, text]) => {
    const input = /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(text)?.[1] ?? '';
    return [name, inputs[input] ?? action.inputs[input]?.default ?? ''];
  });
  const env = {
    ...Object.fromEntries(given),
    ...{ PATH: process.env.PATH, HOME: dir, GITHUB_ACTION_PATH: resolve('.'), GITHUB_ACTIONS: 'true' },
    ...{ GITHUB_OUTPUT: join(dir, 'output'), GITHUB_STEP_SUMMARY: join(dir, 'summary') },
  };
  const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], { cwd: dir, env });
  let shown = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (shown += part));
  const code = await new Promise((done) => child.on('close', done));
  return { code, shown, read: (name: string) => readFileSync(join(dir, name), 'utf8') };
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

describe.skipIf(process.platform === 'win32')('its step', () => {
  test('verifies a server, and leaves JUnit, HTML, the summary and its outputs', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-action-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const server = await startServer({ host: '127.0.0.1', port: 0, dir, protocol: 'pulse' });
    onTestFinished(() => server.close());
    const { code, shown, read } = await runStep({ server: server.url, reports: 'my reports' });
    expect({ code, shown }).toMatchObject({ code: 0 });
    expect(read('output')).toBe('exit-code=0\njunit=my reports/verify.xml\n');
    expect(read('my reports/verify.xml')).toContain('<testsuites name="pulse-upload verify ');
    expect(read('my reports/verify.html')).toContain('conformant');
    expect(read('summary')).toContain('conformant');
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
  ])('refuses %j with an annotation', async (inputs, message) => {
    const { code, shown } = await runStep(inputs);
    expect(code).toBe(2);
    expect(shown).toMatch(new RegExp(`^::error::${message}`));
  });
});
