// The whole story on a fresh clone: install, build, start the embedded server, upload the sample video,
// look at what the server stored, and verify the server.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import './set-up.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = join(root, 'bin', 'pulse-upload.js');
const sample = join(root, 'fixtures', 'sample.mp4');
const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-demo-'));
const stored = join(dir, 'uploads');
const env = { ...process.env, PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };

/** @param {string} text */
const step = (text) => console.log(`\n▸ ${text}`);

/** @param {string} line */
const shown = (line) => console.log(`  $ ${line}`);

step('The embedded server');
shown('pulse-upload serve --port 0 --dir uploads');
const server = spawn(process.execPath, [bin, 'serve', '--port', '0', '--dir', stored, '--quiet'], {
  env,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const url = await new Promise((resolve, reject) => {
  createInterface({ input: server.stdout }).once('line', resolve);
  server.once('exit', (code) => reject(new Error(`the server ended with exit code ${code}`)));
});
console.log(`  ${url}`);

/** @param {readonly string[]} args */
const run = (...args) =>
  new Promise((resolve) => {
    spawn(process.execPath, [bin, ...args], { cwd: root, env, stdio: 'inherit' }).once(
      'close',
      (code, signal) => resolve(code ?? signal),
    );
  });

try {
  step('Upload the sample video, and prove it');
  shown(`pulse-upload fixtures/sample.mp4 --server ${url}`);
  const uploaded = await run('fixtures/sample.mp4', '--server', url);
  if (uploaded !== 0) throw new Error(`the upload ended with exit code ${uploaded}`);

  step('What the server stored');
  const name = readdirSync(stored).find(
    (entry) => statSync(join(stored, entry)).isFile() && entry.endsWith('.mp4'),
  );
  if (name === undefined) throw new Error(`no video in ${stored}`);
  /** @param {string} path */
  const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');
  const [theirs, ours] = [sha256(join(stored, name)), sha256(sample)];
  if (theirs !== ours) throw new Error(`${name} has sha256 ${theirs}, the sample has ${ours}`);
  console.log(`  sample  sha256 ${ours}`);
  console.log(`  stored  sha256 ${theirs}`);

  step('Verify the server');
  shown(`pulse-upload verify ${url}`);
  const verified = await run('verify', url);
  if (verified !== 0) throw new Error(`verify ended with exit code ${verified}`);
  console.log(`\nThe video is at ${join(stored, name)}`);
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  server.removeAllListeners('exit');
  server.kill();
}
