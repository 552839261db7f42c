import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const stamp = join('dist', '.built');

/** Tests run the real bin, so it is built from what is being tested. Types are the business of `npm run check`. */
export function setup(): void {
  if (existsSync(stamp) && newestMs('src') < statSync(stamp).mtimeMs) return;
  const startedMs = Date.now();
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin',
    'tsc',
  );
  rmSync(stamp, { force: true });
  spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { stdio: 'ignore' });
  if (!existsSync(join('dist', 'index.js')))
    throw new Error('the build wrote no dist/index.js: run npm run build');
  writeFileSync(stamp, `${startedMs}\n`);
}

function newestMs(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return Math.max(...files.map((file) => statSync(join(folder, file)).mtimeMs));
}
