import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const windows = process.platform === 'win32';

function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    encoding: 'utf8',
    shell: windows,
  });
}

it('the packed tarball works where it is installed, with nothing of the checkout', () => {
  const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-pack-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  // Without scripts: `prepare` would build again while other tests run what is built.
  npm(['pack', '--ignore-scripts', '--pack-destination', dir], '.');
  const tarball = readdirSync(dir).find((name) => name.endsWith('.tgz')) ?? '';
  npm(['install', '--global', '--prefix', join(dir, 'prefix'), '--prefer-offline', join(dir, tarball)], dir);

  const bin = windows ? join(dir, 'prefix', 'pulse-upload.cmd') : join(dir, 'prefix', 'bin', 'pulse-upload');
  const version = execFileSync(bin, ['--version'], { encoding: 'utf8', shell: windows }).trim();
  expect(version).toContain(JSON.parse(readFileSync('package.json', 'utf8')).version);
  expect(execFileSync(bin, ['--help'], { encoding: 'utf8', shell: windows })).toContain('--server');

  const modules = windows ? join(dir, 'prefix', 'node_modules') : join(dir, 'prefix', 'lib', 'node_modules');
  const shipped = [
    'LICENSE',
    'README.md',
    'bin',
    'dist',
    'man',
    'node_modules',
    'package.json',
    'page',
    'schema',
  ];
  expect(readdirSync(join(modules, 'pulse-upload')).sort()).toEqual(shipped);
}, 120_000);
