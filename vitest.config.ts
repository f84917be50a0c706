import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import LongestFirst from "./test/longestFirst.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/parserSnapshot.ts",
    // Two workers: the tests start real processes (Kusto, storage, host) that want the other core.
    pool: "forks",
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // A test starts many processes of the same modules.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL("node_modules/.cache/compiled", import.meta.url)) },
    reporters: ["default", "./test/closingLine.ts"],
    // What is waited for arrives in seconds; a busy machine takes its time.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
