import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { type Copy, DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { startServer } from '../../src/server/server.ts';

const page = readFileSync('docs/ci.md', 'utf8');

function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-recipes-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** The command of a recipe that verifies, run by a shell with this tool and a server of the test. */
async function runVerify(command: string): Promise<string> {
  const dir = temporaryFolder();
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    dir: join(dir, 'served'),
    protocol: 'pulse',
  });
  onTestFinished(() => server.close());
  const meant = command
    .replace(/^.*npx pulse-upload /, `"${process.execPath}" "${resolve('bin/pulse-upload.js')}" `)
    .replaceAll('http://127.0.0.1:8080', server.url);
  await promisify(execFile)('sh', ['-e', '-c', meant], {
    cwd: dir,
    env: { PATH: process.env.PATH, HOME: dir },
  });
  return readFileSync(join(dir, 'verify.xml'), 'utf8');
}

describe.skipIf(process.platform === 'win32')('the recipe', () => {
  test('for GitLab is a job whose commands a shell understands, and whose report is written', async () => {
    const block = /## GitLab\n\n```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const { verify } = parse(block) as {
      verify: { script: readonly string[]; artifacts: { reports: { junit: string } } };
    };
    for (const line of verify.script) execFileSync('sh', ['-n', '-c', line]);
    expect(verify.artifacts.reports.junit).toBe('verify.xml');
    expect(await runVerify(verify.script.at(-1) ?? '')).toContain('<testsuites name="pulse-upload verify ');
  });

  test('for Jenkins has commands that a shell understands, and writes its report', async () => {
    const block = /```groovy\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const commands = [...block.matchAll(/ sh '([^']*)'/g)].map(([, command = '']) => command);
    expect(commands).toHaveLength(2);
    for (const command of commands) execFileSync('sh', ['-n', '-c', command]);
    expect(block).toContain("junit 'verify.xml'");
    expect(await runVerify(commands.at(-1) ?? '')).toContain('<testsuites name="pulse-upload verify ');
  });
});

describe('the Dockerfile', () => {
  const text = readFileSync('Dockerfile', 'utf8');
  const dockerfile = DockerfileParser.parse(text);
  const stages = text.split(/^(?=FROM )/m);
  const copies = dockerfile.getCOPYs();
  const argumentsOf = (copy: Copy) => copy.getArguments().map((argument) => argument.getValue());
  const fromHere = copies.filter((copy) => copy.getFlags().length === 0).map(argumentsOf);

  test('has nothing that the linter minds', () => {
    expect(validate(text)).toEqual([]);
    expect(validate('FROM node\nCOPPY a b\n')).not.toEqual([]);
  });

  test('has two stages of one pinned line, and its last one is not root', () => {
    expect(dockerfile.getFROMs().map((from) => from.getImage())).toEqual(['node:22-slim', 'node:22-slim']);
    const last = stages.at(-1) ?? '';
    expect(last).toMatch(/^USER node$/m);
    expect(last.indexOf('USER ')).toBeLessThan(last.indexOf('ENTRYPOINT '));
    expect(last).not.toMatch(/\bnpm\b/);
  });

  test('copies only what exists and what .dockerignore lets through', () => {
    const kept = readFileSync('.dockerignore', 'utf8').trim().split('\n');
    const sources = new Set(fromHere.flatMap((words) => words.slice(0, -1)));
    expect([...sources].filter((path) => !existsSync(path))).toEqual([]);
    expect(kept.toSorted()).toEqual(['*', ...[...sources].map((path) => `!${path}`)].toSorted());
  });

  test('copies all that the build and the tool need', () => {
    const dir = temporaryFolder();
    for (const words of fromHere) {
      for (const path of words.slice(0, -1)) cpSync(path, join(dir, path), { recursive: true });
    }
    symlinkSync(resolve('node_modules'), join(dir, 'node_modules'), 'junction');
    execFileSync('npm', ['run', 'build', '--silent'], { cwd: dir, shell: process.platform === 'win32' });
    const help = execFileSync(process.execPath, ['bin/pulse-upload.js', '--help'], {
      cwd: dir,
      encoding: 'utf8',
    });
    expect(help).toContain('Usage: pulse-upload');
  });
});
