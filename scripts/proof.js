// The proof of the tester: every check against every defect, the correct variations, the vacuity audit, and real
// servers; what was seen becomes docs/proof.md. With arguments: a part of it, and no page.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const filters = process.argv.slice(2);
const results = process.env.PULSE_UPLOAD_PROOF_RESULTS || mkdtempSync(join(tmpdir(), 'pulse-upload-proof-'));

// What an earlier run left there would count as seen by this one.
if (!isFree(results)) {
  console.error(`PULSE_UPLOAD_PROOF_RESULTS is ${results}, expected a folder that is new or empty`);
  process.exit(2);
}
await import('./set-up.js');
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

/** @param {string} folder */
function isFree(folder) {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT';
  }
}

/** @param {readonly string[]} args @param {Readonly<Record<string, string>>} [environment] */
function run(args, environment = {}) {
  const env = { ...process.env, PULSE_UPLOAD_PROOF_RESULTS: results, ...environment };
  return spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
}

let status = run([vitest, 'run', ...filters], { PULSE_UPLOAD_PROOF: '1' });
// The real servers, and then the page; somebody who asks for a part of the proof wants neither.
if (filters.length === 0) {
  status ||= run([vitest, 'run', 'test/golden', 'test/peers']);
  status ||= run(['--import', 'tsx', 'scripts/write-proof-page.ts', results]);
}
process.exitCode = status;
