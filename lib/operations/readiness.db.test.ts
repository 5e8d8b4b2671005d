import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { openTcpProxy } from "@/test/fixtures/tcp-proxy";
import { watchStalls } from "@/test/rig/stalls";
import { neededMigrations } from "./migrations";
import { openDatabaseLook } from "./queries";
import { createReadiness } from "./readiness";

const folder = new URL("prisma/migrations/", pathToFileURL(`${process.cwd()}/`));
const BOUND_MS = 10_000;
const stalls = watchStalls();
afterAll(stalls.stop);

/** Readiness on a real database behind a line that the test can cut, asked by fresh callers all the time. */
async function start(connectionString: string) {
  const database = openDatabaseLook(connectionString);
  const needed = await neededMigrations(folder);
  const unreadiness = createReadiness({ appliedMigrations: database.appliedMigrations, neededMigrations: needed });

  /** How long it takes until the state is as wanted; each single answer has to come within three seconds. */
  async function until(isReady: boolean) {
    const startedAt = performance.now();
    for (;;) {
      const askedAt = performance.now();
      const reasons = await unreadiness();
      expect(stalls.awakeMs(askedAt)).toBeLessThan(3_000);
      const tookMs = stalls.awakeMs(startedAt);
      if ((reasons.length === 0) === isReady) return tookMs;
      expect(tookMs).toBeLessThan(BOUND_MS);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  return { needed, unreadiness, until, close: database.close };
}

test("a migrated database is ready: every migration of this version is known by name", async ({ onTestFinished }) => {
  const ready = await start(process.env.DATABASE_URL ?? "");
  onTestFinished(ready.close);
  expect(ready.needed.length).toBeGreaterThan(0);
  expect(await ready.unreadiness()).toEqual([]);
});

test.concurrent.for(["silent", "refuse", "lost"] as const)(
  "a database that goes away (%s) is told within ten seconds, and so is its return",
  async (mode, { onTestFinished }) => {
    const proxy = await openTcpProxy(new URL(process.env.DATABASE_URL ?? ""));
    const ready = await start(proxy.url);
    onTestFinished(async () => {
      await proxy.close();
      await ready.close();
    });
    await ready.until(true);
    proxy.become(mode === "lost" ? "silent" : mode);
    expect(await ready.until(false)).toBeLessThan(BOUND_MS);
    if (mode === "lost") proxy.abandon();
    else proxy.become("forward");
    expect(await ready.until(true)).toBeLessThan(BOUND_MS);
  },
);
