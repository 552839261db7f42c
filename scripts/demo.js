// The whole story on a fresh clone: install, build, start the embedded server, upload the sample video,
// look at what the server stored, do the same in the two other protocols, and verify the server.
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
const env = { ...process.env, PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };

/** @param {string} text */
const step = (text) => console.log(`\n▸ ${text}`);

/** @param {string} line */
const shown = (line) => console.log(`  $ ${line}`);

/** @type {Set<import('node:child_process').ChildProcess>} */
const servers = new Set();

/**
 * The embedded server on a free port; resolves with the URL that clients are given.
 * @param {string} folder
 * @param {readonly string[]} options
 * @returns {Promise<string>}
 */
const serve = (folder, ...options) => {
  const args = ['serve', '--port', '0', '--dir', join(dir, folder), '--quiet', ...options];
  const server = spawn(process.execPath, [bin, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  servers.add(server);
  return new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).once('line', resolve);
    server.once('exit', (code) => reject(new Error(`the server ended with exit code ${code}`)));
  });
};

/** @param {string} path */
const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

/**
 * The path of the one video that a server stored, which must be the sample.
 * @param {string} folder
 */
const storedVideo = (folder) => {
  const names = readdirSync(join(dir, folder)).filter(
    (entry) => entry.endsWith('.mp4') && statSync(join(dir, folder, entry)).isFile(),
  );
  const [name] = names;
  if (name === undefined || names.length > 1)
    throw new Error(`${names.length} videos in ${join(dir, folder)}`);
  const [theirs, ours] = [sha256(join(dir, folder, name)), sha256(sample)];
  if (theirs !== ours) throw new Error(`${name} has sha256 ${theirs}, the sample has ${ours}`);
  return join(dir, folder, name);
};

/** @param {readonly string[]} args */
const run = (...args) =>
  new Promise((resolve) => {
    spawn(process.execPath, [bin, ...args], { cwd: root, env, stdio: 'inherit' }).once(
      'close',
      (code, signal) => resolve(code ?? signal),
    );
  });

/** @param {readonly string[]} args */
const upload = async (...args) => {
  shown(`pulse-upload fixtures/sample.mp4 --server ${args.join(' ')}`);
  const code = await run('fixtures/sample.mp4', '--server', ...args);
  if (code !== 0) throw new Error(`the upload ended with exit code ${code}`);
};

try {
  step('The embedded server');
  shown('pulse-upload serve --port 0 --dir uploads');
  const url = await serve('uploads');
  console.log(`  ${url}`);

  step('Upload the sample video, and prove it');
  await upload(url);

  step('What the server stored');
  const video = storedVideo('uploads');
  console.log(`  sample  sha256 ${sha256(sample)}`);
  console.log(`  stored  sha256 ${sha256(video)}`);

  for (const protocol of ['tus', 'pulse-v1']) {
    step(`The same with ${protocol}, which answers no checksum: the content is read back`);
    await upload(await serve(protocol, '--protocol', protocol), '--read-back');
    storedVideo(protocol);
  }

  step('Verify the server');
  shown(`pulse-upload verify ${url}`);
  const verified = await run('verify', url);
  if (verified !== 0) throw new Error(`verify ended with exit code ${verified}`);
  console.log(`\nThe video is at ${video}`);
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  for (const server of servers) {
    server.removeAllListeners('exit');
    server.kill();
  }
}
