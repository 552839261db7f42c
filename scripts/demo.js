// The whole story on a fresh clone: install, build, start the embedded server, upload the sample video, kill an upload
// and resume it, look at what the server stored, upload in the two other protocols, and verify the server.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import './set-up.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = join(root, 'bin', 'pulse-upload.js');
const sample = join(root, 'fixtures', 'sample.mp4');
const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-demo-'));
const env = { ...process.env, PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
const MIB = 1024 * 1024;

/** @param {string} text */
const step = (text) => console.log(`\n▸ ${text}`);

/** @param {string} line */
const shown = (line) => console.log(`$ ${line}`);

/** @type {Set<import('node:child_process').ChildProcess>} */
const servers = new Set();

/**
 * The embedded server on a free port; resolves with the URL that clients are given.
 * @param {string} folder
 * @param {readonly string[]} options
 * @returns {Promise<string>}
 */
const serve = (folder, ...options) => {
  const args = ['serve', '--port', '0', '--dir', folder, '--quiet', ...options];
  shown(`pulse-upload ${args.join(' ')}`);
  const server = spawn(process.execPath, [bin, ...args], {
    cwd: dir,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.add(server);
  return new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).once('line', (url) => {
      console.log(url);
      resolve(url);
    });
    server.once('exit', (code) => reject(new Error(`the server ended with exit code ${code}`)));
  });
};

/** @param {string} path */
const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** @param {string} path */
const lastTwo = (path) => join(basename(dirname(path)), basename(path));

/**
 * The paths of the videos that a server stored: so many, and each of them is the sample.
 * @param {string} folder
 * @param {number} count
 */
const storedVideos = (folder, count) => {
  const names = readdirSync(join(dir, folder)).filter(
    (entry) => entry.endsWith('.mp4') && statSync(join(dir, folder, entry)).isFile(),
  );
  if (names.length !== count)
    throw new Error(`${names.length} videos in ${join(dir, folder)}, expected ${count}`);
  const ours = sha256(sample);
  return names.map((name) => {
    const theirs = sha256(join(dir, folder, name));
    if (theirs !== ours) throw new Error(`${name} has sha256 ${theirs}, the sample has ${ours}`);
    return join(dir, folder, name);
  });
};

/**
 * Runs the command line: what it says to people is shown, and each line of stdout is handed on.
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} variables
 * @param {(line: string, child: import('node:child_process').ChildProcess) => void} take
 * @returns {Promise<number | string>} its exit code, or the signal that ended it
 */
const runLines = (args, variables, take) =>
  new Promise((resolve) => {
    shown(`pulse-upload ${args.join(' ')}`);
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: root,
      env: { ...env, ...variables },
      stdio: ['inherit', 'pipe', 'inherit'],
    });
    createInterface({ input: child.stdout }).on('line', (line) => take(line, child));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });

/**
 * Uploads the sample, which must end proven; resolves with how much of it was there already.
 * @param {readonly string[]} args
 */
const upload = async (...args) => {
  const variables = {
    PULSE_UPLOAD_OUTPUT_TEMPLATE: '{proven} {resumedFromBytes}',
    // A log tells when a file began; here it is seen.
    ...(!process.stderr.isTTY && { PULSE_UPLOAD_PROGRESS: 'none' }),
  };
  let [proven, resumedFromBytes] = ['', ''];
  const code = await runLines(['fixtures/sample.mp4', '--server', ...args], variables, (line) => {
    [proven = '', resumedFromBytes = ''] = line.split(' ');
  });
  if (code !== 0) throw new Error(`the upload ended with ${code}`);
  if (proven !== 'true') throw new Error('nothing proved the upload');
  return Number(resumedFromBytes);
};

/**
 * Kills an upload of the sample as soon as the server has so much of it.
 * @param {number} bytes
 * @param {readonly string[]} args
 */
const uploadAndKill = async (bytes, ...args) => {
  const variables = { PULSE_UPLOAD_JSON: 'true' };
  const ended = await runLines(['fixtures/sample.mp4', '--server', ...args], variables, (line, child) => {
    const { type, acceptedBytes } = JSON.parse(line);
    if (type !== 'upload.progress' || acceptedBytes < bytes || child.killed) return;
    child.kill('SIGKILL');
    console.log(`killed when ${(acceptedBytes / MIB).toFixed(1)} MiB were on the server`);
  });
  if (ended !== 'SIGKILL') throw new Error(`the upload ended with ${ended} before it could be killed`);
};

/** @param {readonly string[]} args */
const run = (...args) =>
  new Promise((resolve) => {
    shown(`pulse-upload ${args.join(' ')}`);
    spawn(process.execPath, [bin, ...args], { cwd: root, env, stdio: 'inherit' }).once(
      'close',
      (code, signal) => resolve(code ?? signal),
    );
  });

try {
  step('The embedded server');
  const url = await serve('uploads');

  step('Upload the sample video, and prove it');
  await upload(url);

  step('Kill an upload in the middle: the same command goes on where the server is');
  // Slow enough to be met in the middle, which is two seconds before its end.
  const slowly = [url, '--limit-rate', '1MiB'];
  await uploadAndKill(2 * MIB, ...slowly);
  const resumedFromBytes = await upload(...slowly);
  if (resumedFromBytes < 2 * MIB) throw new Error(`the upload went on at ${resumedFromBytes} bytes`);

  step('What was sent, and what the server stored: sha256');
  const videos = storedVideos('uploads', 2);
  for (const path of [sample, ...videos]) console.log(`${sha256(path)}  ${lastTwo(path)}`);

  for (const protocol of ['tus', 'pulse-v1']) {
    step(`The same with ${protocol}, which answers no checksum: the content is read back`);
    await upload(await serve(protocol, '--protocol', protocol), '--read-back');
    storedVideos(protocol, 1);
  }

  step('Verify the server');
  const verified = await run('verify', url);
  if (verified !== 0) throw new Error(`verify ended with exit code ${verified}`);

  step('Now you');
  console.log(`  videos  ${join(dir, 'uploads')}`);
  console.log('  next    node bin/pulse-upload.js serve --port 8080 --dir uploads');
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  for (const server of servers) {
    server.removeAllListeners('exit');
    server.kill();
  }
}
