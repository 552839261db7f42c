import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { startServer } from '../../src/server/server.ts';

it('the example of docs/library.md runs as it stands, and proves the upload', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'pulse-upload-library-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    dir: join(dir, 'uploads'),
    protocol: 'pulse',
  });
  onTestFinished(() => server.close());

  const page = await readFile('docs/library.md', 'utf8');
  const example = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const code = example.replace('http://127.0.0.1:8080', server.url);
  expect(code).not.toBe(example);
  await mkdir(join(dir, 'node_modules'));
  await symlink(resolve('.'), join(dir, 'node_modules', 'pulse-upload'), 'junction');
  await writeFile(join(dir, 'example.mjs'), code);
  await copyFile('fixtures/sample.mp4', join(dir, 'video.mp4'));

  const env = { ...process.env, HOME: dir, USERPROFILE: dir, XDG_STATE_HOME: '', LOCALAPPDATA: '' };
  const { stdout } = await promisify(execFile)(process.execPath, ['example.mjs'], { cwd: dir, env });
  expect(stdout).toMatch(/^proven [0-9a-f]{64} http:\/\/127\.0\.0\.1:\d+\/uploads\/\S+\n$/);
});
