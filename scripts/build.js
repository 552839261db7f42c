// Makes the program of dist/: the library and the command line, each one file and what they load when it is needed.
// As the hundred and sixty modules that an upload consists of, it would take a fifth longer to start.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');

const { build } = await import('esbuild').catch(() => {
  console.error('The build needs the development dependencies: npm ci without --omit=dev.');
  process.exit(1);
});

const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ['src/index.ts', 'src/cli/main.ts'],
  bundle: true,
  splitting: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  outdir: dist,
  // As deep as the rooms of src/, from where ../../ is the package too.
  chunkNames: 'chunks/[name]-[hash]',
  write: false,
});

// What is the same stays as it is: somebody may be running it.
for (const { path, contents } of outputFiles) {
  if (contentsOf(path)?.equals(contents)) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}
const written = new Set(outputFiles.map(({ path }) => path));
const found = readdirSync(dist, { recursive: true, encoding: 'utf8' }).map((name) => join(dist, name));
for (const path of found) if (path.endsWith('.js') && !written.has(path)) rmSync(path, { force: true });

/** @param {string} path */
function contentsOf(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
