import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const alias = { "@": fileURLToPath(new URL(".", import.meta.url)).replace(/\/$/, "") };
// Off the whole hour and off UTC, so that a missing time zone shows at once.
const env = { TZ: "Asia/Kathmandu", NODE_ENV: "test" as const, LOG_LEVEL: "silent" };
// What is waited for comes at once or never; a busy machine of two cores stands still for seconds now and then.
const patience = {
  testTimeout: 60_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 20_000 } },
  // Real processes, locks and clocks on a shared machine: once more there, and told at the end; never on a developer's own.
  retry: process.env.CI ? 1 : 0,
};
const exclude = ["**/node_modules/**", "dist/**", ".next/**", "e2e/**", "data/**", ".venv/**"];

export default defineConfig({
  test: {
    // More than cores: those that wait for leases, outages and other processes leave theirs to the rest.
    maxWorkers: Math.max(3, availableParallelism()),
    projects: [
      {
        resolve: { alias },
        test: {
          name: "unit",
          include: ["**/*.test.ts", "**/*.test.tsx"],
          exclude: [...exclude, "**/*.db.test.ts"],
          setupFiles: ["test/setup/quiet-console.ts"],
          env,
          ...patience,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "db",
          include: ["**/*.db.test.ts"],
          exclude,
          setupFiles: ["test/setup/quiet-console.ts", "test/setup/database-url.ts"],
          globalSetup: ["test/setup/database.ts"],
          env,
          ...patience,
        },
      },
    ],
  },
});
