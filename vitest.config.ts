import { defineConfig } from 'vitest/config';

// `npm test` leaves out the proof of the tester (every check against every defect), which takes minutes: `npm run proof`.
const proof = process.env.PULSE_UPLOAD_PROOF === '1';

const limitMs = proof ? 600_000 : 120_000;

export default defineConfig({
  test: {
    include: [proof ? 'test/proof/**/*.test.ts' : 'test/**/*.test.ts'],
    exclude: proof ? [] : ['test/proof/**'],
    globalSetup: 'test/build.ts',
    // Tests start servers and child processes; two workers suit the two cores of a small CI machine.
    maxWorkers: 2,
    // A run of the proof mostly waits, for the pauses in its scenarios and for its server.
    maxConcurrency: 16,
    // Generous: nothing waits for it but a test that hangs, and a busy machine is no reason to fail.
    testTimeout: limitMs,
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: limitMs,
  },
});
