// Makes a fresh clone ready: installs exactly what the lockfile says (which also builds), unless that is done already.
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const installed = join(root, 'node_modules', '.package-lock.json');
const lockfile = join(root, 'package-lock.json');

/** @param {...string} args */
const npm = (...args) => {
  try {
    execFileSync('npm', args, {
      cwd: root,
      // Which scripts it starts is worth reading only where one fails.
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: Number.POSITIVE_INFINITY,
      // On Windows npm is a .cmd file, which only a shell starts.
      shell: process.platform === 'win32',
    });
  } catch (error) {
    process.stderr.write(/** @type {{ stdout?: Buffer | null }} */ (error).stdout ?? '');
    throw error;
  }
};

try {
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lockfile).mtimeMs) {
    console.error('Installing what package-lock.json names …');
    npm('ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error');
  } else {
    npm('run', 'build', '--silent');
  }
} catch {
  console.error(
    'The set-up failed: see above. It needs Node >= 20.19, npm, and a registry that npm reaches.',
  );
  process.exit(1);
}
