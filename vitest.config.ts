import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/build.ts',
    // Tests start servers and child processes; two workers suit the two cores of a small CI machine.
    maxWorkers: 2,
    // Generous: nothing waits for it but a test that hangs, and a busy machine is no reason to fail.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
