import type { APIRequestContext } from "@playwright/test";
import OpenAI from "openai";
import { expect, test } from "./fixtures";
import { runCli } from "./podpass-server";

const MODEL = "simulated-llama-8b";
const hello = (text: string) => ({ model: MODEL, messages: [{ role: "user" as const, content: text }] });

/** The cells of a line, of which some stand in quotes. */
const cellsOf = (line: string) =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain = ""]) => quoted ?? plain);

/** The rows of the export that the page offers, by the names of its columns. */
async function exported(request: APIRequestContext, view: string) {
  const answer = await request.get(`/usage/export?${view}`);
  expect(answer.headers()["content-type"]).toContain("text/csv");
  const [head = "", ...lines] = (await answer.text())
    .replace(/^\uFEFF/, "")
    .trim()
    .split(/\r?\n/);
  const names = cellsOf(head);
  return lines.map((line) => Object.fromEntries(cellsOf(line).map((value, index) => [names[index] ?? "", value])));
}

const sumOf = (rows: Record<string, string>[], column: string) =>
  rows.reduce((sum, row) => sum + Number(row[column]), 0);

test("what the OpenAI SDK was told is on the usage page within seconds, and in its CSV, on the member's clock", async ({
  page,
  baseURL,
  signIn,
  issueKey,
}) => {
  const { secret } = await issueKey(await signIn(), { name: "laptop" });
  await page.goto("/usage?range=1h&by=key");
  const client = new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: secret, maxRetries: 0 });

  const whole = await client.chat.completions.create({ ...hello("Whole"), max_tokens: 9 });
  const told = [whole.usage];
  const stream = await client.chat.completions.create({
    ...hello("In pieces"),
    max_tokens: 14,
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const chunk of stream) if (chunk.usage) told.push(chunk.usage);
  expect(told).toHaveLength(2);
  const prompt = told.reduce((sum, usage) => sum + (usage?.prompt_tokens ?? 0), 0);
  const completion = told.reduce((sum, usage) => sum + (usage?.completion_tokens ?? 0), 0);
  expect(completion).toBe(23);

  // Nobody reloads: the page follows what happens.
  await expect(page.getByRole("row", { name: "laptop" })).toContainText(String(prompt + completion));
  await expect(page.getByText(/^Showing|Asia\/Kathmandu/).first()).toBeVisible();

  const rows = await exported(page.request, "range=1h&by=key");
  expect(sumOf(rows, "requests")).toBe(2);
  expect(sumOf(rows, "completed")).toBe(2);
  expect(sumOf(rows, "promptTokens")).toBe(prompt);
  expect(sumOf(rows, "completionTokens")).toBe(completion);
  expect(Object.keys(rows[0] ?? {})).toContain("start in Asia/Kathmandu");
});

test("who leaves a stream is charged for what was made until then", async ({ startFresh }) => {
  test.slow();
  // A pod in no hurry, or its answer would be over before anybody can leave.
  const { url, dataDir } = await startFresh({ SIM_TOKENS_PER_SECOND: "25" });
  await runCli(dataDir, ["member", "add", "ada@example.com"]);
  const key = await runCli(dataDir, ["key", "issue", "--member", "ada@example.com", "--name", "laptop"]);
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: (key as { secret: string }).secret, maxRetries: 0 });
  const stream = await client.chat.completions.create({ ...hello("Stop me"), max_tokens: 2_000, stream: true });
  let pieces = 0;
  for await (const chunk of stream) {
    pieces += chunk.choices[0]?.delta.content ? 1 : 0;
    if (pieces === 5) break;
  }
  const requests = async () => (await runCli(dataDir, ["usage", "export"])) as Record<string, unknown>[];
  await expect
    .poll(async () => (await requests())[0], { timeout: 20_000 })
    .toMatchObject({ outcome: "client_closed", tokenSource: "measured", model: MODEL });
  const completion = Number((await requests())[0]?.completionTokens);
  expect(completion).toBeGreaterThanOrEqual(pieces);
  expect(completion).toBeLessThan(2_000);
});

test("a member's export holds their own requests only, whatever it asks for", async ({
  page,
  baseURL,
  signIn,
  addMember,
  issueKey,
}) => {
  const theirs = await issueKey(await addMember(), { name: "theirs" });
  const client = new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: theirs.secret, maxRetries: 0 });
  await client.chat.completions.create({ ...hello("Private"), max_tokens: 3 });
  const asAdmin = await addMember("admin");
  await signIn();
  for (const view of ["range=1h&by=key", "range=1h&by=member", `range=1h&by=key&key=${theirs.id}`]) {
    expect(await exported(page.request, view), view).toEqual([]);
  }
  await page.context().clearCookies();
  await signIn(asAdmin);
  await expect
    .poll(async () => sumOf(await exported(page.request, `range=1h&by=key&key=${theirs.id}`), "requests"))
    .toBe(1);
});
