import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { latestRecords } from '../../src/bulk/ledger/latest.ts';
import { serve } from '../e2e/bin.ts';

/** docs/bulk.md and docs/at-scale.md as their readers use them: what stands there is run by a shell. */

const files = ['cam1/0001.mp4', 'cam2/0001.mp4', 'cam2/0002.mp4', 'notes.txt', 'tmp/0003.mp4'];

interface Sandbox {
  readonly dir: string;
  /** Runs a script as its reader would; fails the test where it fails. */
  readonly shell: (script: string, env?: Readonly<Record<string, string>>) => string;
  /** The files below `recordings` that a ledger calls proven. */
  readonly proven: (ledger: string) => Promise<readonly string[]>;
}

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

/** A folder with recordings, a server, and `pulse-upload` on the path. */
async function sandbox(): Promise<Sandbox> {
  const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-docs-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const file of files) {
    const path = join(dir, 'recordings', file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file);
    utimesSync(path, 1_769_860_800, 1_769_860_800);
  }
  const tools = join(dir, 'tools');
  mkdirSync(tools);
  const bin = `"${process.execPath}" "${resolve('bin/pulse-upload.js')}"`;
  for (const [name, line] of [['pulse-upload', `exec ${bin} "$@"`]] as const) {
    writeFileSync(join(tools, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(tools, name), 0o755);
  }
  const server = await serve(join(dir, 'served'));
  const env = { PATH: `${tools}:${process.env.PATH}`, HOME: dir };
  return {
    dir,
    shell: (script, more = {}) => {
      const meant = script.replaceAll('http://127.0.0.1:8080', server.url);
      const ran = spawnSync('bash', ['-euo', 'pipefail', '-c', meant], {
        cwd: dir,
        env: { ...env, ...more },
        encoding: 'utf8',
      });
      expect({ script, status: ran.status, stderr: ran.status === 0 ? '' : ran.stderr }).toEqual({
        script,
        status: 0,
        stderr: '',
      });
      return ran.stdout;
    },
    proven: async (ledger) => {
      const records = [...(await latestRecords([join(dir, ledger)])).values()];
      const below = join(dir, 'recordings');
      return records
        .filter(({ proven }) => proven)
        .map(({ file }) => file.slice(below.length + 1))
        .toSorted();
    },
  };
}

function blocksOf(page: string, language: string): readonly string[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, block = '']) => block,
  );
}

const isWindows = process.platform === 'win32';

describe.skipIf(isWindows)('docs/bulk.md', () => {
  test('every command works, one after another and all of them again, and leaves a ledger of everything', async () => {
    const { shell, proven, dir } = await sandbox();
    const blocks = blocksOf('docs/bulk.md', 'sh');
    expect(blocks.length).toBeGreaterThan(4);
    for (const block of [...blocks, ...blocks]) shell(block);
    expect(await proven('done.jsonl')).toEqual(files.toSorted());
    expect(await proven('all.jsonl')).toEqual(files.toSorted());
    expect(readFileSync(join(dir, 'done.csv'), 'utf8').split('\r\n')).toHaveLength(files.length + 2);
  });

  test('the manifests of the page are manifests', async () => {
    const { shell, proven, dir } = await sandbox();
    const page = readFileSync('docs/bulk.md', 'utf8');
    const [json = ''] = /^ {4}\{"file".*$/m.exec(page) ?? [];
    const [csv = ''] = /^ {4}file,name.*\n.*$/m.exec(page) ?? [];
    const below = join(dir, 'recordings');
    writeFileSync(join(below, 'list.jsonl'), json.trim());
    writeFileSync(join(below, 'list.csv'), csv.replaceAll(/^ {4}/gm, ''));
    writeFileSync(join(below, 'cam1.token'), 'a-token');
    for (const [manifest, ledger] of [
      ['list.jsonl', 'json.jsonl'],
      ['list.csv', 'csv.jsonl'],
    ]) {
      shell(
        `cd recordings; pulse-upload --manifest ${manifest} --server http://127.0.0.1:8080 --ledger ../${ledger}`,
      );
      expect(await proven(ledger ?? '')).toEqual(['cam1/0001.mp4']);
    }
    expect(existsSync(join(dir, 'served', 'front door.mp4'))).toBe(true);
  });

  test('every option of the page is one of the command', async () => {
    const { shell } = await sandbox();
    const known = shell('pulse-upload --help; pulse-upload --help-bulk; pulse-upload ledger --help');
    const named = new Set(readFileSync('docs/bulk.md', 'utf8').match(/(?<![\w=-])--[a-z][a-z\d-]+/g));
    expect([...named].filter((flag) => !known.includes(flag) && flag !== '--help-bulk')).toEqual([]);
  });
});

describe.skipIf(isWindows)('docs/at-scale.md', () => {
  const hasParallel = spawnSync('parallel', ['--version'], { encoding: 'utf8' }).stdout?.includes('GNU');
  if (!hasParallel)
    process.stdout.write('skipped: GNU parallel is not installed (apt-get install parallel)\n');
  const [withParallel = '', withXargs = ''] = blocksOf('docs/at-scale.md', 'sh');
  const [matrix = '', gitlab = '', job = ''] = blocksOf('docs/at-scale.md', 'yaml');
  const [slurm = ''] = blocksOf('docs/at-scale.md', 'slurm');
  const merge = /^rm -f all\.jsonl\npulse-upload ledger merge .*$/m.exec(withXargs)?.[0] ?? 'false';

  test.skipIf(!hasParallel)('the recipe for GNU parallel sends everything', async () => {
    const { shell, proven } = await sandbox();
    shell(withParallel);
    shell(withParallel);
    expect(await proven('all.jsonl')).toEqual(files.toSorted());
  });

  test('the recipe for xargs sends everything', async () => {
    const { shell, proven } = await sandbox();
    shell(withXargs);
    shell(withXargs);
    expect(await proven('all.jsonl')).toEqual(files.toSorted());
  });

  test('the tasks of the Slurm array send everything', async () => {
    const { shell, proven } = await sandbox();
    const [, first = '', last = ''] = /--array=(\d+)-(\d+)/.exec(slurm) ?? [];
    const count = Number(last) - Number(first) + 1;
    for (let task = Number(first); task <= Number(last); task += 1) {
      shell(slurm, {
        SLURM_ARRAY_TASK_ID: String(task),
        SLURM_ARRAY_TASK_MIN: first,
        SLURM_ARRAY_TASK_MAX: last,
        SLURM_ARRAY_TASK_COUNT: String(count),
        SLURM_ARRAY_TASK_STEP: '1',
      });
    }
    shell(merge);
    expect(await proven('all.jsonl')).toEqual(files.toSorted());
  });

  test('the pods of the Indexed Job send everything', async () => {
    const { shell, proven } = await sandbox();
    const { completionMode, completions, template } = parse(job).spec;
    const [{ command, args }] = template.spec.containers;
    expect([completionMode, command]).toEqual(['Indexed', ['sh', '-c']]);
    for (let index = 0; index < completions; index += 1)
      shell(args[0], { JOB_COMPLETION_INDEX: String(index) });
    shell(merge);
    expect(await proven('all.jsonl')).toEqual(files.toSorted());
  });

  test('the tries of the Indexed Job reach beyond the silence after which a lock is given up', () => {
    const { backoffLimitPerIndex } = parse(job).spec;
    // Kubernetes waits 10 s, and twice as long each time, up to six minutes (Job, "Pod backoff failure policy").
    const delaysS = Array.from({ length: backoffLimitPerIndex }, (_, index) =>
      Math.min(10 * 2 ** index, 360),
    );
    const afterMinutes = (tries: number) => delaysS.slice(0, tries).reduce((sum, s) => sum + s, 0) / 60;
    expect([afterMinutes(7), afterMinutes(10), afterMinutes(5)].map(Math.floor)).toEqual([16, 34, 5]);
    expect(backoffLimitPerIndex).toBe(10);
  });

  test('the ledgers of the CI matrix are kept of every attempt, and the latest one is found', () => {
    const { steps } = parse(matrix).jobs.upload;
    const stepOf = (name: string) => steps.find(({ uses }: { uses?: string }) => uses?.startsWith(name));
    const [restore, save] = [stepOf('actions/cache/restore@'), stepOf('actions/cache/save@')];
    expect(save).toMatchObject({ if: 'always()', with: { path: restore.with.path, key: restore.with.key } });
    expect(restore.with.key).toMatch(/run_id }}-\$\{\{ github\.run_attempt }}$/);
    expect(restore.with.key.startsWith(restore.with['restore-keys'])).toBe(true);
    expect(steps.indexOf(save)).toBe(steps.length - 1);
  });

  test('the shares of the CI matrix send everything', async () => {
    const { shell, proven } = await sandbox();
    const { strategy, steps } = parse(matrix).jobs.upload;
    const runs = steps.flatMap(({ run }: { run?: string }) => run ?? []) as string[];
    const [install, , step = ''] = runs;
    expect(runs).toHaveLength(3);
    expect(install).toBe(`npm install --global ./vendor/pulse-upload-${version}.tgz`);
    for (const share of strategy.matrix.share as readonly number[])
      shell(
        `${step.replaceAll(/\$\{\{ matrix\.share }}/g, String(share))}\nmv share.jsonl share-${share}.jsonl`,
      );
    shell(merge);
    expect(await proven('all.jsonl')).toEqual(files.toSorted());
  });

  test('the parallel jobs of GitLab send everything, and each keeps a cache of its own', async () => {
    const { shell, proven } = await sandbox();
    const { parallel, cache, script } = parse(gitlab).upload;
    expect(cache).toEqual({ key: 'share-$CI_NODE_INDEX', paths: ['share.jsonl'], when: 'always' });
    expect(script[0]).toBe(`npm install --global ./vendor/pulse-upload-${version}.tgz`);
    for (let index = 1; index <= parallel; index += 1)
      shell(`${script.at(-1)}\nmv share.jsonl share-${index}.jsonl`, {
        CI_NODE_INDEX: String(index),
        CI_NODE_TOTAL: String(parallel),
      });
    shell(merge);
    expect(await proven('all.jsonl')).toEqual(files.toSorted());
  });
});
