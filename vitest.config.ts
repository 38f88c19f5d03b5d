import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Tests import the packages' sources: nothing has to be built, except for tests that start the CLI as a program. */
const alias = [
  { find: /^@drainprobe\/core$/, replacement: source("packages/probe-core/src/index.ts") },
  {
    find: /^@drainprobe\/core\/(assert|classify|h2|jest|testing|vitest|witness)$/,
    replacement: source("packages/probe-core/src/entries/$1.ts"),
  },
  { find: /^@drainprobe\/core\/merge$/, replacement: source("packages/probe-core/src/merge/index.ts") },
  { find: /^@drainprobe\/core\/kube$/, replacement: source("packages/probe-core/src/kube/index.ts") },
  { find: /^@drainprobe\/testbed$/, replacement: source("packages/testbed/src/index.ts") },
];

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: { name: "unit", include: ["packages/*/src/**/*.test.ts", "bench/**/*.test.ts"], testTimeout: 20_000 },
      },
      {
        resolve: { alias },
        // Real sockets in processes of their own (forks), and one file at a time: a probe that waits for a processor dates what
        // it sees late, and says so.
        test: {
          name: "socket",
          include: ["packages/*/test/**/*.test.ts"],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 30_000,
        },
      },
      {
        resolve: { alias },
        test: { name: "repo", include: ["test/*.test.ts", "scripts/**/*.test.ts"], testTimeout: 120_000 },
      },
      {
        resolve: { alias },
        // Real servers of this machine, one test file at a time: tcpdump listens and ports are shared.
        test: {
          name: "system",
          include: ["test/system/**/*.test.ts"],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
