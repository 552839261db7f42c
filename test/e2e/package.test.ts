import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { runBin, startBin } from '../cli/run-bin.ts';

const windows = process.platform === 'win32';

function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    encoding: 'utf8',
    shell: windows,
  });
}

/** What loads each package that the program needs: none of them may come from the checkout. */
async function expectAllPackages(installed: string, dir: string): Promise<void> {
  mkdirSync(join(dir, 'videos'), { recursive: true });
  for (const name of ['a.mp4', 'b.mp4']) {
    writeFileSync(join(dir, 'videos', name), name);
    // What is young in a folder is left for later.
    utimesSync(join(dir, 'videos', name), 1_769_860_800, 1_769_860_800);
  }
  writeFileSync(join(dir, 'list.csv'), 'file,name\nvideos/a.mp4,c.mp4\n');
  const env = {
    PULSE_UPLOAD_STATE_DIR: join(dir, 'state'),
    XDG_CONFIG_HOME: join(dir, 'config'),
    FORCE_COLOR: '1',
  };
  const options = { cwd: dir, env, bin: join(installed, 'bin', 'pulse-upload.js') };
  const server = startBin(['serve', '--port', '0', '--dir', 'uploads', '--quiet'], options);
  const url = (await server.until('stdout', /\n/)).trim();

  const run = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await runBin(args, options);
    expect({ args, code, stderr: code === 0 ? '' : stderr }).toEqual({ args, code: 0, stderr: '' });
    return { stdout, stderr };
  };
  const one = await run('videos/a.mp4', '--server', url, '--progress', 'bar');
  expect(one.stderr).toContain(' 0 % ');
  expect(one.stderr).toContain('\x1b[32myes, the server holds exactly these bytes');
  await run('--manifest', 'list.csv', '--server', url);
  await run('-r', 'videos', '--include', 'b.*', '--server', url, '--progress', 'bar');
  const stored = readdirSync(join(dir, 'uploads')).filter((name) => name.endsWith('.mp4'));
  expect(stored.toSorted()).toEqual(['a.mp4', 'b.mp4', 'c.mp4']);
  await run('verify', url, '--only', 'pulse.head.200', '--report', 'junit=results.xml');
  expect(readFileSync(join(dir, 'results.xml'), 'utf8')).toContain('pulse.head.200');
}

it('the packed tarball works where it is installed, with nothing of the checkout', async () => {
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

  await expectAllPackages(installed, join(dir, 'work'));

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
