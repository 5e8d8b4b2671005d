import { once } from "node:events";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { MODEL, startFrontRig } from "@/test/rig/front";
import { openRaw } from "@/test/rig/raw-http";

const MB = 1024 * 1024;
const BODY = JSON.stringify({
  model: MODEL,
  stream: true,
  n: 8,
  messages: [{ role: "user", content: "Tell me all." }],
});
const ASK = (secret: string) =>
  [
    "POST /v1/chat/completions HTTP/1.1",
    "Host: a",
    `Authorization: Bearer ${secret}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(BODY)}`,
    "",
    BODY,
  ].join("\r\n");

/** The server's end of a connection, whichever of its objects Node reads and writes it through. */
function otherSideOf({ localPort }: Socket): Socket | undefined {
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  return handles.find((handle): handle is Socket => handle instanceof Socket && handle.remotePort === localPort);
}

test("a reader that stops holds at most 1 MiB here, makes the pod wait, and is cut off", async () => {
  // The pod has all the time it needs to fill what the kernel holds.
  const site = await startFrontRig({ tokensPerSecond: 0, ttftMs: 0 }, { longestWaitMs: 500, sweepMs: 50 });
  site.pod.control.fail({ mode: "endless" });
  const reader = openRaw(site.port, ASK(site.key.secret));
  await once(reader, "connect");
  await expect.poll(() => otherSideOf(reader)).toBeDefined();
  const held = otherSideOf(reader);
  const deadline = performance.now() + 20_000;
  let most = 0;
  while (held !== undefined && !held.destroyed && performance.now() < deadline) {
    most = Math.max(most, held.writableLength);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  reader.destroy();
  expect(held?.destroyed).toBe(true);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(MB);
  await expect.poll(() => site.pod.load(), { timeout: 10_000 }).toEqual({ running: 0, waiting: 0 });
  expect(site.rig.gateway.stats().live).toBe(0);
  expect(await site.rig.rowsOf(site.key.keyId)).toMatchObject([
    { outcome: "client_closed", status: 200, token_source: "measured" },
  ]);
  await site.stop();
});
