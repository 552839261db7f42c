import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';

const run = promisify(execFile);

/** A project that, like this one, is built by a package that it needs for development only. */
function project(scripts: Readonly<Record<string, string>> = {}): string {
  const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-set-up-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const write = (path: string, value: object) => writeFileSync(join(dir, path), JSON.stringify(value));
  for (const folder of ['scripts', 'builder']) mkdirSync(join(dir, folder));
  copyFileSync('scripts/set-up.js', join(dir, 'scripts', 'set-up.js'));
  write('builder/package.json', { name: 'builder', version: '1.0.0' });
  const devDependencies = { builder: 'file:builder' };
  write('package.json', { name: 'built', version: '1.0.0', type: 'module', scripts, devDependencies });
  const packages = {
    '': { name: 'built', version: '1.0.0', devDependencies },
    builder: { version: '1.0.0', dev: true },
    'node_modules/builder': { resolved: 'builder', link: true },
  };
  write('package-lock.json', {
    name: 'built',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages,
  });
  return dir;
}

const action = parse(readFileSync('action.yml', 'utf8'));
const install: string = action.runs.steps.find(({ name }: { name: string }) => name === 'Install').run;

describe.skipIf(process.platform === 'win32')('where NODE_ENV says production', () => {
  test.each([
    ['the action', ['bash', '-e', '-c', install]],
    ['the set-up of a clone', [process.execPath, 'scripts/set-up.js']],
  ])('%s installs what builds the program all the same', async (_what, [command = '', ...args]) => {
    const dir = project();
    const env = { ...process.env, NODE_ENV: 'production', GITHUB_ACTION_PATH: dir };
    await run(command, args, { cwd: dir, env });
    expect(existsSync(join(dir, 'node_modules', 'builder', 'package.json'))).toBe(true);
  });
});

describe('the set-up of a clone', () => {
  const prepare = 'node -e "console.log(String(6 * 7), process.exitCode = Number(process.env.FAILS ?? 0))"';
  const setUp = async (env: Readonly<Record<string, string>>) =>
    run(process.execPath, ['scripts/set-up.js'], {
      cwd: project({ prepare }),
      env: { ...process.env, ...env },
    });

  test('is one line where all is well', async () => {
    expect(await setUp({})).toEqual({ stdout: '', stderr: 'Installing what package-lock.json names …\n' });
  });

  test('shows what its scripts print where one fails', async () => {
    await expect(setUp({ FAILS: '3' })).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/\n42 3\n[\s\S]*The set-up failed: see above\./),
    });
  });
});
