import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { runBin, startBin, temporaryFolder } from '../cli/run-bin.ts';

const sample = 'fixtures/sample.mp4';

/** A command of the page behind its prompt, and the lines that it is shown to print. */
interface Shown {
  readonly argv: readonly string[];
  readonly lines: readonly string[];
}

/** The block of the page whose command begins so. */
async function shownOf(start: string): Promise<Shown> {
  const page = await readFile('README.md', 'utf8');
  const blocks = page.match(/(?:^ {4}.*\n)+/gm) ?? [];
  const block = blocks.find((text) => text.startsWith(`    $ pulse-upload ${start}`)) ?? '';
  const [command = '', ...lines] = block.trimEnd().split('\n');
  return {
    argv: command.trim().split(' ').slice(2),
    lines: lines.map((line) => line.slice('    '.length)),
  };
}

/** What differs from run to run. */
function masked(line: string): string {
  return line
    .replace(/http:\/\/127\.0\.0\.1:\d+/, '<url>')
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/, '<id>')
    .replace(/(?<= uploaded in )(?:[\d.]+ s|\d+m \d\ds)(?:, [\d.]+ [KMG]?i?B\/s)?$/, '<time>');
}

test('what the README shows of serve and of an upload is what they print', async () => {
  const dir = await temporaryFolder();
  await mkdir(join(dir, dirname(sample)));
  await copyFile(sample, join(dir, sample));
  const env = {
    PULSE_UPLOAD_STATE_DIR: join(dir, 'state'),
    XDG_CONFIG_HOME: join(dir, 'config'),
    // On a terminal nothing stands before the result, in a log the file's beginning does.
    PULSE_UPLOAD_PROGRESS: 'none',
  };
  const serve = await shownOf('serve --port');
  const upload = await shownOf(sample);

  const server = startBin(
    serve.argv.map((word) => (word === '8080' ? '0' : word)),
    { cwd: dir, env },
  );
  const url = (await server.until('stdout', /\n/)).trim();
  const uploaded = await runBin(
    upload.argv.map((word) => word.replace('http://127.0.0.1:8080', url)),
    { cwd: dir, env },
  );
  server.child.kill('SIGTERM');
  const served = await server.ended;

  const banner = [url, ...served.stderr.split('\n')].slice(0, serve.lines.length);
  expect(serve.lines.map(masked)).toEqual(banner.map(masked));
  expect(upload.lines.map(masked)).toEqual(uploaded.stderr.trimEnd().split('\n').map(masked));
  expect(uploaded.code).toBe(0);

  const [, stored = ''] = /The file is now `([^`]+)`/.exec(await readFile('README.md', 'utf8')) ?? [];
  const sha256 = createHash('sha256').update(await readFile(join(dir, stored)));
  expect(upload.lines).toContain(`  sha256  ${sha256.digest('hex')}`);
});
