// The proof of the tester: every check against every defect, the correct variations, and the vacuity audit.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import './set-up.js';

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  env: { ...process.env, PULSE_UPLOAD_PROOF: '1' },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
