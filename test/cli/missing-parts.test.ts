import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startServer } from '../../src/server/server.ts';
import { runBin, temporaryFolder } from './run-bin.ts';

/** The program alone, as an installation has it. */
async function installation(): Promise<string> {
  const dir = await temporaryFolder();
  for (const part of ['bin', 'dist', 'package.json']) cpSync(part, join(dir, part), { recursive: true });
  symlinkSync(resolve('node_modules'), join(dir, 'node_modules'), 'junction');
  return dir;
}

const next = ' next: install it again (in a checkout: npm ci), then run the same command once more\n';

test.each([
  ['that was never built', ['--version'], (dir: string) => rmSync(join(dir, 'dist'), { recursive: true })],
  ['without a command', ['completion', 'bash'], (dir: string) => removeChunks(dir, /^completion-/)],
  ['that cannot report failures', ['--nope'], (dir: string) => removeChunks(dir, /^report-failure-/)],
])('a program %s says that a part is missing, and what to do', async (_, argv, damage) => {
  const dir = await installation();
  damage(dir);
  const bin = join(dir, 'bin', 'pulse-upload.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...argv], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 70, stdout: '' });
  const [line, hint] = stderr.split(/(?<=\n)/);
  expect(line).toMatch(/^error: a part of the program is missing, or was replaced while it ran: .+\n$/);
  expect([hint, stderr]).toEqual([next, `${line}${next}`]);
});

test('serve that lacks what colours its words says so and ends, it listens no more', async () => {
  const dir = await installation();
  rmSync(join(dir, 'node_modules'));
  mkdirSync(join(dir, 'node_modules'));
  symlinkSync(resolve('node_modules', 'commander'), join(dir, 'node_modules', 'commander'), 'junction');
  const ended = await runBin(['serve', '--port', '0', '--dir', join(dir, 'served')], {
    bin: join(dir, 'bin', 'pulse-upload.js'),
    env: { FORCE_COLOR: '1', XDG_CONFIG_HOME: join(dir, 'config') },
  });
  expect(ended).toMatchObject({ code: 70, stdout: '' });
  expect(ended.stderr).toContain('chalk');
  expect(ended.stderr.endsWith(next)).toBe(true);
});

function removeChunks(dir: string, names: RegExp): void {
  const chunks = join(dir, 'dist', 'chunks');
  const found = readdirSync(chunks).filter((name) => names.test(name));
  expect(found).not.toEqual([]);
  for (const name of found) rmSync(join(chunks, name));
}

test('verify ends as it would, and writes its report, after the program was removed', async () => {
  const dir = await installation();
  const server = await startServer({ host: '127.0.0.1', port: 0, dir: join(dir, 'served'), protocol: 'tus' });
  onTestFinished(() => server.close());
  // Its first request is answered when nothing of the program is left.
  const remover = createServer((incoming, outgoing) => {
    for (const part of ['dist', 'package.json']) rmSync(join(dir, part), { recursive: true, force: true });
    const { method, url, headers } = incoming;
    const onward = request(new URL(url ?? '/', server.url), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(remover, 'listening');
  onTestFinished(() => {
    remover.closeAllConnections();
    remover.close();
  });
  const url = `http://127.0.0.1:${(remover.address() as AddressInfo).port}/files`;
  const report = join(dir, 'report.json');
  const argv = ['verify', url, '--only', 'core.options.*', '--report', `json=${report}`, '--json'];
  const { code, stdout, stderr } = await runBin(argv, { bin: join(dir, 'bin', 'pulse-upload.js') });
  expect(existsSync(join(dir, 'dist'))).toBe(false);
  expect(stderr).toBe('');
  expect(stdout.trimEnd().split('\n').at(-1)).toContain('"type":"run.end"');
  expect(JSON.parse(readFileSync(report, 'utf8')).exitCode).toBe(code);
});
