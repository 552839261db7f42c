import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const stamp = join('dist', '.built');
const script = join('scripts', 'build.js');

/** Tests run the real bin, so it is built from what is being tested. Types are the business of `npm run check`. */
export function setup(): void {
  const changedMs = Math.max(newestMs('src'), statSync(script).mtimeMs);
  if (existsSync(stamp) && changedMs < statSync(stamp).mtimeMs) return;
  const startedMs = Date.now();
  rmSync(stamp, { force: true });
  execFileSync(process.execPath, [script], { stdio: ['ignore', 'ignore', 'inherit'] });
  writeFileSync(stamp, `${startedMs}\n`);
}

function newestMs(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return Math.max(...files.map((file) => statSync(join(folder, file)).mtimeMs));
}
