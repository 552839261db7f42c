import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { unruled } from '../../peers/page.ts';
import { suite } from '../../src/verify/suite.ts';
import { allChecks } from '../../src/verify/verify.ts';
import { gaps, proofPage, type Requirement, type Seen, totals } from '../proof/page.ts';

const read = (path: string) => readFileSync(path, 'utf8');
const requirements: readonly Requirement[] = JSON.parse(read('test/verify/requirements.json'));
const seen: Seen = JSON.parse(read('test/proof/seen.golden.json'));
const checks = allChecks(suite).map(({ id }) => id);

/** Findings as the golden lists write them, in the order of the suite. */
function findingsOf(server: string): readonly string[] {
  const found = Object.entries(seen[server] ?? {})
    .filter(([verdict]) => verdict !== 'pass' && verdict !== 'note')
    .flatMap(([verdict, ids]) => ids.map((id) => ({ id, line: `${verdict} ${id}` })));
  return found
    .toSorted((one, other) => checks.indexOf(one.id) - checks.indexOf(other.id))
    .map(({ line }) => line);
}

describe('docs/proof.md', () => {
  test('has no gap without a reason', () => expect(gaps(requirements)).toEqual([]));

  test('would show one', () => {
    const [{ number = 0 } = {}] = suite;
    const row = { id: 'core.nobody-asks', section: number, level: 'MUST' };
    expect(gaps([...requirements, row])).toEqual(['core.nobody-asks has neither a check nor a reason']);
    expect(totals([...requirements, row], seen).at(-1)).toContain('core.nobody-asks');
  });

  test('is current', () => {
    const hint =
      'docs/proof.md is not current: run npm run proof, or node --import tsx scripts/write-proof-page.ts';
    expect(read('docs/proof.md') === proofPage(requirements, seen), hint).toBe(true);
  });
});

describe('the proof', () => {
  test('does not begin where an earlier run left what it saw, which would count for this one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pulse-upload-proof-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, '1.ndjson'), '');
    const env = { ...process.env, PULSE_UPLOAD_PROOF_RESULTS: folder };
    const { status, stderr } = spawnSync(process.execPath, ['scripts/proof.js', 'no-such-test'], { env });
    expect({ status, stderr: String(stderr) }).toEqual({
      status: 2,
      stderr: `PULSE_UPLOAD_PROOF_RESULTS is ${folder}, expected a folder that is new or empty\n`,
    });
  });
});

describe('what was seen', () => {
  test.each(['documented-multipart', 'documented-binary'])('on %s is its golden list', (name) => {
    expect(`${findingsOf(name).join('\n')}\n`).toBe(read(`test/golden/${name}.golden.txt`));
  });

  test.each(['multipart', 'binary', 'adapter'])('on %s is nothing wrong', (name) => {
    expect(seen[name]?.pass?.length).toBeGreaterThan(200);
    expect(findingsOf(name)).toEqual([]);
  });

  test('on @tus/server is what is ruled on', () => {
    expect(findingsOf('tus-node').length).toBeGreaterThan(0);
    expect(unruled('tus-node', findingsOf('tus-node'))).toEqual([]);
  });

  test('on the reference server is nothing wrong', () => {
    const servers = ['pulse', 'tus', 'pulse with a token', 'tus with a token', 'pulse with a limit'];
    expect(servers.map((server) => [server, findingsOf(server)])).toEqual(
      servers.map((server) => [server, []]),
    );
    expect(servers.filter((server) => (seen[server]?.pass?.length ?? 0) < 150)).toEqual([]);
  });
});
