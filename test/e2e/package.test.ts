import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const windows = process.platform === 'win32';

function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    encoding: 'utf8',
    shell: windows,
  });
}

it('the packed tarball works where it is installed, with nothing of the checkout', () => {
  const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-pack-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  // Without scripts: `prepare` would build again while other tests run what is built.
  npm(['pack', '--ignore-scripts', '--pack-destination', dir], '.');
  const tarball = readdirSync(dir).find((name) => name.endsWith('.tgz')) ?? '';
  npm(['install', '--global', '--prefix', join(dir, 'prefix'), '--prefer-offline', join(dir, tarball)], dir);

  const bin = windows ? join(dir, 'prefix', 'pulse-upload.cmd') : join(dir, 'prefix', 'bin', 'pulse-upload');
  const version = execFileSync(bin, ['--version'], { encoding: 'utf8', shell: windows }).trim();
  expect(version).toContain(JSON.parse(readFileSync('package.json', 'utf8')).version);
  expect(execFileSync(bin, ['--help'], { encoding: 'utf8', shell: windows })).toContain('--server');

  const modules = windows ? join(dir, 'prefix', 'node_modules') : join(dir, 'prefix', 'lib', 'node_modules');
  const shipped = [
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'LICENSE',
    'README.md',
    'bin',
    'dist',
    'docs',
    'fixtures',
    'man',
    'node_modules',
    'package.json',
    'page',
    'schema',
  ];
  const installed = join(modules, 'pulse-upload');
  expect(readdirSync(installed).sort()).toEqual(shipped);
  const docs = readdirSync(join(installed, 'docs'), { recursive: true, encoding: 'utf8' });
  const pages = [
    'README.md',
    ...docs.filter((name) => name.endsWith('.md')).map((name) => join('docs', name)),
  ];
  const links = pages.flatMap((page) =>
    [...readFileSync(join(installed, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(
      ([, path = '']) => join(dirname(page), path),
    ),
  );
  expect(links.length).toBeGreaterThan(60);
  expect(links.filter((path) => !existsSync(join(installed, path)))).toEqual([]);

  // A project that keeps the tarball, as docs/ci.md says: whoever installs the project has `npx pulse-upload`.
  const project = join(dir, 'project');
  mkdirSync(join(project, 'vendor'), { recursive: true });
  writeFileSync(join(project, 'package.json'), '{"private":true}');
  copyFileSync(join(dir, tarball), join(project, 'vendor', tarball));
  const [, ...words] = (/^npm install --save-dev .*$/m.exec(readFileSync('docs/ci.md', 'utf8')) ?? [
    '',
  ])[0].split(' ');
  expect(words.at(-1)).toBe(`./vendor/${tarball}`);
  npm([...words, '--prefer-offline'], project);
  rmSync(join(project, 'node_modules'), { recursive: true });
  npm(['ci', '--prefer-offline'], project);
  const { name } = JSON.parse(readFileSync('package.json', 'utf8'));
  const shell = { cwd: project, encoding: 'utf8', shell: windows } as const;
  expect(execFileSync('npx', ['--no-install', name, '--version'], shell).trim()).toBe(version);
  const imports = "import { upload } from 'pulse-upload'; console.log(typeof upload)";
  writeFileSync(join(project, 'uses.mjs'), imports);
  expect(execFileSync(process.execPath, ['uses.mjs'], { ...shell, shell: false }).trim()).toBe('function');
}, 240_000);

it('the README installs by commands that exist, and names the tarball as it is called', () => {
  const { name, version, scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const readme = readFileSync('README.md', 'utf8');
  const commands = [...readme.matchAll(/^ {4}npm (?:install|pack|link|ci)\b[^#\n]*/gm)].map(([line]) =>
    line.trim(),
  );
  const tarball = `./${name}-${version}.tgz`;
  expect(commands).toEqual([
    'npm ci',
    'npm link',
    'npm pack',
    `npm install --global ${tarball}`,
    `npm install --save-dev ${tarball}`,
  ]);
  // What `npm ci` and `npm pack` build by.
  expect(scripts.prepare).toBe('npm run build');
});
