// Makes the program of dist/: the library and the command line, in few files, and what else they load when it is needed.
// As the hundred and sixty modules that an upload consists of, it would cost half as much again to start.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');

/**
 * What is one file, with everything that it imports: the first that needs a module has it. All else that several
 * commands share becomes as many files as there are ways to share it.
 */
const together = {
  start: ['cli/main.ts'],
  library: ['index.ts'],
  // Variables are looked at by whoever sets some: in a script that is every upload.
  upload: ['cli/commands/upload.ts', 'cli/misspelt-variables.ts'],
};

const { rolldown } = await import('rolldown').catch(() => {
  console.error('The build needs the development dependencies: npm ci --include=dev.');
  process.exit(1);
});

const bundle = await rolldown({
  cwd: root,
  input: { index: 'src/index.ts', 'cli/main': 'src/cli/main.ts' },
  platform: 'node',
  transform: { target: 'node20.19' },
  // Packages stay packages.
  external: (id) => !id.startsWith('.') && !isAbsolute(id),
});

/** @type {Map<string, string> | undefined} */
let groups;
const { output } = await bundle.generate({
  format: 'esm',
  entryFileNames: '[name].js',
  // As deep as the rooms of src/, from where ../../ is the package too.
  chunkFileNames: 'chunks/[name]-[hash].js',
  codeSplitting: {
    groups: [
      {
        debugName: 'together',
        name: (id, context) => {
          groups ??= groupsOf(context);
          return groups.get(id) ?? null;
        },
      },
    ],
  },
});
await bundle.close();

// What is the same stays as it is: somebody may be running it.
const written = new Set();
for (const file of output) {
  const path = join(dist, file.fileName);
  written.add(path);
  const contents = file.type === 'chunk' ? file.code : file.source;
  if (contentsOf(path) === contents) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}
const found = readdirSync(dist, { recursive: true, encoding: 'utf8' }).map((name) => join(dist, name));
for (const path of found) if (path.endsWith('.js') && !written.has(path)) rmSync(path, { force: true });

/**
 * The group of each module that has one.
 * @param {{ getModuleInfo: (id: string) => { importedIds: string[] } | null }} graph
 * @returns {Map<string, string>}
 */
function groupsOf(graph) {
  const found = new Map();
  for (const [group, roots] of Object.entries(together)) {
    /** @param {string} id */
    const add = (id) => {
      if (found.has(id)) return;
      const module = graph.getModuleInfo(id);
      if (module === null) throw new Error(`${id} is no module of the program`);
      found.set(id, group);
      for (const imported of module.importedIds) if (isAbsolute(imported)) add(imported);
    };
    for (const name of roots) add(join(root, 'src', name));
  }
  return found;
}

/** @param {string} path */
function contentsOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
