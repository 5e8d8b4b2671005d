import { afterAll, beforeAll, expect, test } from "vitest";
import { type FrontRig, MODEL, POD_KEY, startFrontRig } from "@/test/rig/front";
import { sendRaw } from "@/test/rig/raw-http";

// A pod that hangs, falls silent, never ends or says too much: what each costs at most.

const MB = 1024 * 1024;
const WAITS = { firstByteMs: 500, idleMs: 500, longestMs: 1_000, longestWaitMs: 500, sweepMs: 50 };

let site: FrontRig;

beforeAll(async () => {
  site = await startFrontRig({ tokensPerSecond: 0, ttftMs: 0 }, WAITS);
});

afterAll(() => site?.stop());

function ask(secret: string, fields: object) {
  const body = JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "Tell me all." }], ...fields });
  return [
    "POST /v1/chat/completions HTTP/1.1",
    "Host: a",
    `Authorization: Bearer ${secret}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
}

/** Nothing is left of it but one idle connection, which the HTTP client opens anew for the next call. */
async function expectNothingLeft(connectionsBefore: number) {
  await expect.poll(() => site.pod.load()).toEqual({ running: 0, waiting: 0 });
  await expect.poll(() => site.tap.openConnections()).toBeLessThanOrEqual(Math.max(1, connectionsBefore));
  expect(site.rig.gateway.stats().live).toBe(0);
}

test.each([false, true])(
  "a pod that never answers is 504, and its connection is closed (stream: %s)",
  async (stream) => {
    const own = await site.rig.issueKey();
    const before = site.tap.openConnections();
    const user = `hangs ${stream}`;
    site.pod.control.fail({ mode: "hang", bodyIncludes: user });
    const answer = await sendRaw(site.port, ask(own.secret, { stream, user }));
    expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([504, "pod_timeout"]);
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    await expectNothingLeft(before);
    expect(await site.rig.rowsOf(own.keyId)).toMatchObject([
      { outcome: "timeout", status: 504, error_code: "pod_timeout", completion_tokens: 0 },
    ]);
  },
);

test("a stream that falls silent ends with an error event, and the tokens so far are on its row", async () => {
  const own = await site.rig.issueKey();
  const before = site.tap.openConnections();
  site.pod.control.fail({ mode: "silence", afterEvents: 5, bodyIncludes: "falls silent" });
  const answer = await sendRaw(site.port, ask(own.secret, { stream: true, max_tokens: 50, user: "falls silent" }));
  expect([answer.status, answer.text.includes("pod_timeout"), answer.text.includes("[DONE]")]).toEqual([
    200,
    true,
    false,
  ]);
  await expectNothingLeft(before);
  const [row] = await site.rig.rowsOf(own.keyId);
  expect(row).toMatchObject({ outcome: "timeout", status: 200, token_source: "measured" });
  expect(row?.completion_tokens).toBe(site.pod.ledger.find(row?.request_id ?? "")?.sentTokens);
  expect(row?.completion_tokens).toBeGreaterThan(0);
});

test("a stream without end is ended at the longest time an answer may take", async () => {
  const own = await site.rig.issueKey();
  const before = site.tap.openConnections();
  site.pod.control.set({ tokensPerSecond: 200 });
  site.pod.control.fail({ mode: "endless", bodyIncludes: "no end" });
  const answer = await sendRaw(site.port, ask(own.secret, { stream: true, user: "no end" }));
  site.pod.control.set({ tokensPerSecond: 0 });
  expect([answer.status, answer.text.includes("pod_timeout"), answer.text.includes("[DONE]")]).toEqual([
    200,
    true,
    false,
  ]);
  await expectNothingLeft(before);
  const [row] = await site.rig.rowsOf(own.keyId);
  expect(row).toMatchObject({ outcome: "timeout", status: 200, token_source: "measured" });
});

test.each([false, true])("of the pod's headers none goes out (stream: %s)", async (stream) => {
  const own = await site.rig.issueKey();
  const user = `talkative ${stream}`;
  site.pod.control.fail({ mode: "leaky-headers", bodyIncludes: user });
  const answer = await sendRaw(site.port, ask(own.secret, { stream, max_tokens: 2, user }));
  expect(answer.status).toBe(200);
  const allowed =
    /^(content-(type|length)|cache-control|x-request-id|x-content-type-options|x-accel-buffering|x-ratelimit-[a-z-]+|connection|date|keep-alive|transfer-encoding)$/;
  expect([...answer.headers.keys()].filter((name) => !allowed.test(name))).toEqual([]);
  expect(answer.text).not.toContain(POD_KEY);
});

test("a pod whose headers are endless is 502", async () => {
  const own = await site.rig.issueKey();
  const before = site.tap.openConnections();
  site.pod.control.fail({
    mode: "status",
    status: 200,
    body: "{}",
    headers: { "content-type": "application/json", "x-long": "a".repeat(MB) },
    bodyIncludes: "endless headers",
  });
  const answer = await sendRaw(site.port, ask(own.secret, { user: "endless headers" }));
  expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([502, "pod_error"]);
  await expectNothingLeft(before);
  expect(await site.rig.rowsOf(own.keyId)).toMatchObject([{ outcome: "upstream_error", status: 502 }]);
});
