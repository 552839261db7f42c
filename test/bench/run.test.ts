import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

// Several processes one after another, on machines where every core may be busy with other tests.
vi.setConfig({ testTimeout: 180_000 });

/** The bench's temporary files go where the test can see that none is left. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulse-upload-bench-run-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function bench(...args: string[]) {
  return spawnSync(process.execPath, ['--import', 'tsx', 'bench/run.ts', ...args], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder },
  });
}

test('a small run prints its table, writes its JSON, and leaves nothing behind', () => {
  const jsonFile = join(folder, 'result.json');
  const { status, stdout } = bench(
    '--only',
    'transfer',
    '--size',
    '2MiB',
    '--rounds',
    '1',
    '--json',
    jsonFile,
  );
  expect(status).toBe(0);
  expect(stdout).toMatch(/^\| elapsed, over tus-js-client/m);
  expect(JSON.parse(readFileSync(jsonFile, 'utf8')).figures.transfer.ours).toHaveLength(1);
  expect(readdirSync(folder).filter((name) => name.startsWith('pulse-upload-bench'))).toEqual([]);
});

test('wrong usage is exit code 2 and says what there is', () => {
  const { status, stderr, stdout } = bench('--only', 'speed');
  expect(status).toBe(2);
  expect(stderr).toContain('transfer, memory, startup, verify');
  expect(stdout).toBe('');
});

test('--help is exit code 0', () => {
  const { status, stdout } = bench('--help');
  expect(status).toBe(0);
  expect(stdout).toContain('--write-docs');
});

test('a bench whose JSON cannot be written fails with 1', () => {
  const missing = join(folder, 'missing', 'result.json');
  const { status, stderr } = bench(
    '--only',
    'transfer',
    '--size',
    '1MiB',
    '--rounds',
    '1',
    '--json',
    missing,
  );
  expect(status).toBe(1);
  expect(stderr).toContain('ENOENT');
});
