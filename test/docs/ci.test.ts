import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type RunningServer, startServer } from '../../src/server/server.ts';
import { suite } from '../../src/verify/suite.ts';
import { allChecks } from '../../src/verify/verify.ts';

/** docs/ci.md as its readers use it: the workflow is parsed, and its commands are run by a shell. */

const page = readFileSync('docs/ci.md', 'utf8');
const bin = resolve('bin/pulse-upload.js');
const run = promisify(execFile);

/** The blocks of code of the page, by their language; indented ones have none. */
const blockOf = (start: string) => new RegExp(`^${start}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)?.[1] ?? '';

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Workflow {
  readonly on: readonly string[];
  readonly jobs: Readonly<Record<string, { readonly 'runs-on': string; readonly steps: readonly Step[] }>>;
}

const workflow = parse(blockOf('```yaml')) as Workflow;
const steps = workflow.jobs.verify?.steps ?? [];
const stepNamed = (name: string) => steps.find((step) => step.name === name)?.run ?? '';

let dir: string;
let server: RunningServer;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pulse-upload-ci-'));
  server = await startServer({ host: '127.0.0.1', port: 0, dir: join(dir, 'served'), protocol: 'pulse' });
});
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Runs a command of the page as a workflow does (sh -e), with this tool and this server in place of the page's. */
function inShell(command: string) {
  const meant = command
    .replaceAll(/(?:npx )?\bpulse-upload (?=verify|report)/g, `"${process.execPath}" "${bin}" `)
    .replaceAll('http://127.0.0.1:8080', server.url);
  return run('sh', ['-e', '-c', meant], { cwd: dir, env: { PATH: process.env.PATH, HOME: dir } });
}

test('the workflow is one that GitHub takes: triggers, a runner, and steps that use or run something', () => {
  expect(workflow.on).toEqual(expect.arrayContaining(['push']));
  expect(workflow.jobs.verify?.['runs-on']).toBe('ubuntu-latest');
  expect(steps.length).toBeGreaterThan(3);
  for (const step of steps) expect([step.uses, step.run].filter(Boolean)).toHaveLength(1);
  const keep = steps.find(({ uses }) => uses?.startsWith('actions/upload-artifact@'));
  expect(keep).toMatchObject({ if: 'always()', with: { path: 'verify.*' } });
});

test('every check that the page names exists', () => {
  const known = allChecks(suite).map(({ id }) => id);
  const named = [...page.matchAll(/^([a-z0-9-]+(?:\.[a-z0-9-]+)+) {2,}\S/gm)].map(([, id]) => id);
  expect(named.length).toBeGreaterThan(1);
  const only = [...page.matchAll(/--only (\S+)/g)].map(([, id]) => id);
  expect([...named, ...only].filter((id) => !known.includes(id ?? ''))).toEqual([]);
});

describe.skipIf(process.platform === 'win32')('the commands of the page', () => {
  test('start a server by a script that a shell understands', async () => {
    const script = stepNamed('Start the server');
    expect(script).toContain('/health');
    await run('sh', ['-n', '-c', script]);
  });

  test('verify it, and leave the files that are kept; a recording is rendered again', async () => {
    writeFileSync(join(dir, 'known-failures.txt'), '# none\n');
    const { stdout } = await inShell(stepNamed('Verify it'));
    expect(stdout).toMatch(/\nconformant: nothing that was tried is broken\n$/);
    expect(readdirSync(dir).filter((name) => name.startsWith('verify.'))).toEqual([
      'verify.html',
      'verify.ndjson',
      'verify.xml',
    ]);
    expect(readFileSync(join(dir, 'verify.xml'), 'utf8')).toContain('<testsuites name="pulse-upload verify ');

    const [again = ''] = /^ {4}pulse-upload report .*$/m.exec(page) ?? [];
    await inShell(again);
    expect(readFileSync(join(dir, 'again.html'), 'utf8')).toContain('<h1 class="pass">conformant');
  });

  test('show one check again', async () => {
    const [again = ''] = /^ {4}pulse-upload verify .*--only.*$/m.exec(page) ?? [];
    const { stdout } = await inShell(again);
    expect(stdout).toContain('1 check in');
  });
});
