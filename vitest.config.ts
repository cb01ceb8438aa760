import { defineConfig } from 'vitest/config';

/** Namespaces, pseudo-terminals, the built program. */
const SLOW = { testTimeout: 60_000, hookTimeout: 60_000 };

// Three projects: `unit` (pure), `e2e` (waits more than it computes) and `load`, which needs the machine for itself: it
// sends at full speed, or goes by the clock.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/load/**'],
          testTimeout: 20_000,
          // All processors: left to itself, a machine of two would run one file at a time.
          maxWorkers: '100%',
        },
      },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...SLOW, maxWorkers: 2 } },
      { test: { name: 'load', include: ['test/load/**/*.test.ts'], ...SLOW, fileParallelism: false, maxWorkers: 1 } },
    ],
  },
});
