import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "./fixtures";
import { type PodpassServer, runCli } from "./podpass-server";
import { descendants, stillRunning } from "./process-tree";

test.describe.configure({ mode: "serial", timeout: 120_000 });
test.skip(process.platform !== "linux", "looks into /proc");

/** A pod that takes eight seconds for a stream, which a stop must fall into, and half a minute for one that must not end by itself. */
const UNHURRIED = { SIM_TOKENS_PER_SECOND: "20", SIM_JITTER: "0" };
const TOKENS = 160;
const MORE_TOKENS_THAN_THE_TEST_LASTS = 600;

async function openStream({ url, dataDir }: PodpassServer, max_tokens = TOKENS) {
  await runCli(dataDir, ["member", "add", "s@example.com"]);
  const key = (await runCli(dataDir, ["key", "issue", "--member", "s@example.com", "--name", "stream"])) as {
    secret: string;
  };
  const headers = { authorization: `Bearer ${key.secret}`, "content-type": "application/json" };
  const { data } = (await (await fetch(`${url}/v1/models`, { headers })).json()) as { data: { id: string }[] };
  const messages = [{ role: "user", content: "Count." }];
  const body = { model: data[0]?.id, stream: true, max_tokens, ignore_eos: true, messages };
  const answer = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
  // Held until its text is whole: an answer that is collected as garbage cancels its stream.
  return { text: answer.text().finally(() => answer.status), headers };
}

/** The row of the one stream in a data folder. */
async function streamRow(dataDir: string) {
  const rows = (await runCli(dataDir, ["usage", "export", "--by", "request", "--format", "json"])) as UsageRow[];
  return rows.find(({ streamed }) => streamed);
}

type UsageRow = { streamed: boolean; outcome: string; completionTokens: number };

test("a stop lets streams finish, takes nothing new, writes everything down and leaves nothing behind", async ({
  startFresh,
}) => {
  const server = await startFresh(UNHURRIED);
  const { text, headers } = await openStream(server);
  const family = descendants(server.pid);
  const ended = server.end("SIGTERM");
  await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(503);
  const refused = await fetch(`${server.url}/v1/models`, { headers });
  expect([refused.status, await refused.json()]).toMatchObject([503, { error: { code: "shutting_down" } }]);
  expect(await text).toMatch(/data: \[DONE\]\s*$/);
  expect(await ended).toBe(0);
  await expect.poll(() => stillRunning(family)).toEqual([]);
  expect(existsSync(join(server.dataDir, "lock"))).toBe(false);
  expect(await streamRow(server.dataDir)).toMatchObject({ outcome: "completed", completionTokens: TOKENS });
});

test("a stream that outlasts the drain limit ends with an error event, and its tokens are kept", async ({
  startFresh,
}) => {
  const server = await startFresh({ ...UNHURRIED, PODPASS_DRAIN_SECONDS: "1" });
  const { text } = await openStream(server, MORE_TOKENS_THAN_THE_TEST_LASTS);
  expect(await server.end("SIGTERM")).toBe(0);
  expect(await text).toContain('"code":"shutting_down"');
  expect(await text).not.toContain("[DONE]");
  const row = await streamRow(server.dataDir);
  expect(["completed", "open", undefined]).not.toContain(row?.outcome);
  expect(row?.completionTokens).toBeGreaterThan(0);
});

test("a second signal ends it at once", async ({ startFresh }) => {
  const server = await startFresh(UNHURRIED);
  const cut = (await openStream(server, MORE_TOKENS_THAN_THE_TEST_LASTS)).text.catch(() => "cut");
  const family = descendants(server.pid);
  void server.end("SIGINT");
  // Well apart: two signals within half a second count as one press of Ctrl-C.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(await server.end("SIGINT")).toBe(130);
  expect(await cut).not.toContain("[DONE]");
  await expect.poll(() => stillRunning(family)).toEqual([]);
});

test("the dashboard's process can crash: streams do not notice, and it comes back", async ({ startFresh }) => {
  const server = await startFresh(UNHURRIED);
  const { text } = await openStream(server);
  const dashboard = descendants(server.pid).find(({ command }) => command.startsWith("next-server"));
  process.kill(dashboard?.pid ?? 0, "SIGKILL");
  const page = await fetch(`${server.url}/sign-in`, { headers: { accept: "text/html" } });
  expect([page.status, await page.text()]).toEqual([503, expect.stringContaining('http-equiv="refresh"')]);
  expect(await text).toMatch(/data: \[DONE\]\s*$/);
  await expect.poll(async () => (await fetch(`${server.url}/sign-in`, { redirect: "manual" })).status).not.toBe(503);
});
