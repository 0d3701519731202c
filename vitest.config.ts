import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Real processes on two cores: generous clocks, so that a slow machine is slow and not red.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
  },
});
