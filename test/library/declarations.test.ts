import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const tsc = resolve('node_modules/typescript/bin/tsc');
const compile = (args: readonly string[], cwd: string) =>
  execFileSync(process.execPath, [tsc, ...args], { cwd, encoding: 'utf8' });

test('the declarations are all that a strict TypeScript project needs beside those of Node', () => {
  const project = mkdtempSync(join(tmpdir(), 'pulse-upload-types-'));
  onTestFinished(() => rmSync(project, { recursive: true, force: true }));
  const installed = join(project, 'node_modules', 'pulse-upload');
  mkdirSync(installed, { recursive: true });
  mkdirSync(join(project, 'node_modules', '@types'));
  symlinkSync(
    resolve('node_modules/@types/node'),
    join(project, 'node_modules', '@types', 'node'),
    'junction',
  );
  copyFileSync('package.json', join(installed, 'package.json'));
  compile(['-p', 'tsconfig.build.json', '--outDir', join(installed, 'dist')], '.');
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(project, 'uses.ts'),
    `import { PulseError, upload } from 'pulse-upload';
     const { proven } = await upload('video.mp4', { server: 'http://127.0.0.1:8080' });
     const isRight: boolean = proven && PulseError.name === 'PulseError';
     console.log(isRight);`,
  );
  const args = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--noEmit', 'uses.ts'];
  expect(compile(args, project)).toBe('');
}, 60_000);
