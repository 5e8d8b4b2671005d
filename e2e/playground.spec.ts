import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, holdScripts, OWNER, test } from "./fixtures";
import { runCli } from "./podpass-server";

const TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

async function expectAccessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.target}`)).toEqual([]);
  const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(width, "nothing scrolls sideways").toBeLessThanOrEqual(0);
}

const message = (page: Page) => page.getByRole("textbox", { name: "Message" });
const turns = (page: Page) => page.getByRole("list", { name: "Conversation" }).getByRole("listitem");

/** A pod's answer of the test's own, in the place of the simulated one's. */
async function answerWith(page: Page, text: string, more: object = {}) {
  await page.route("**/playground/chat", (route) =>
    route.fulfill({
      contentType: "text/event-stream",
      body: `data: ${JSON.stringify({ choices: [{ delta: { content: text, ...more } }] })}\n\ndata: [DONE]\n\n`,
    }),
  );
}

test("a member chats with one of their keys, and the log has the tokens that the page shows @phone", async ({
  page,
  signIn,
  issueKey,
}) => {
  await issueKey(await signIn(), { name: "laptop" });
  await page.goto("/playground");
  await message(page).fill("Tell me about tickets.");
  await message(page).press("Shift+Enter");
  await message(page).pressSequentially("In short.");
  await message(page).press("Enter");
  await expect(turns(page)).toHaveCount(2);
  await expect(message(page)).toHaveValue("");
  const answer = turns(page).nth(1);
  await expect(answer.getByText(/\d+ in, \d+ out · first token [\d.]+ m?s/)).toBeVisible();
  const [, sent, told] = /(\d+) in, ([\d,]+) out/.exec((await answer.textContent()) ?? "") ?? [];
  await expect(turns(page).first()).toContainText("Tell me about tickets.\nIn short.");

  // A second question carries the first along.
  await message(page).fill("And more?");
  await message(page).press("Enter");
  await expect(turns(page)).toHaveCount(4);
  const second = turns(page)
    .nth(3)
    .getByText(/\d+ in, /);
  await expect(second).toBeVisible();
  expect(Number(/(\d+) in/.exec((await second.textContent()) ?? "")?.[1])).toBeGreaterThan(Number(sent));

  await answer.getByRole("link", { name: "Details" }).click();
  await expect(page.getByText("Answered in full")).toBeVisible();
  const row = page.getByRole("row", { name: "laptop" }).first();
  await expect(row).toContainText(String(sent));
  await expect(row).toContainText(String(told));

  // Back again there is nothing left of it, here or in the browser's keeping.
  await page.goto("/playground");
  await expect(turns(page)).toHaveCount(0);
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  expect(kept).not.toContain("tickets");
});

test("Escape stops an answer: what came stays, and the row is charged for it alone", async ({ page, startFresh }) => {
  test.slow();
  const { url, dataDir } = await startFresh({
    SIM_TOKENS_PER_SECOND: "25",
    ADMIN_EMAIL: OWNER.email,
    ADMIN_PASSWORD: OWNER.password,
  });
  await runCli(dataDir, ["key", "issue", "--member", OWNER.email, "--name", "laptop"]);
  await page.goto(`${url}/sign-in`);
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("Password", { exact: true }).fill(OWNER.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL((at) => !at.pathname.startsWith("/sign-in"));
  await page.goto(`${url}/playground`);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("spinbutton", { name: "At most" }).fill("2000");
  await message(page).fill("Go on for long");
  await message(page).press("Enter");
  await expect(page.getByRole("status").filter({ hasText: "The model is answering." })).toBeAttached();
  const answer = turns(page).nth(1);
  await expect(answer.filter({ hasNotText: "Waiting for the first token" })).toContainText(/\w+ \w+ \w+ \w+ \w+/);
  await page.keyboard.press("Escape");
  await expect(answer).toContainText(/Stopped · \d+ in, \d+ out/);
  await expect(message(page)).toBeFocused();
  const [, out] = /, (\d+) out/.exec((await answer.textContent()) ?? "") ?? [];
  const requests = async () => (await runCli(dataDir, ["usage", "export"])) as Record<string, unknown>[];
  await expect
    .poll(async () => (await requests())[0], { timeout: 20_000 })
    .toMatchObject({ outcome: "client_closed", tokenSource: "measured", keyName: "laptop", streamed: true });
  const counted = Number((await requests())[0]?.completionTokens);
  expect(counted).toBeGreaterThanOrEqual(Number(out));
  // Ten seconds' worth of the two thousand: a busy machine may take a while to carry the end to the pod.
  expect(counted).toBeLessThan(Number(out) + 250);
});

test("what is written before the page's script has run is kept, and is sent", async ({ page, signIn, issueKey }) => {
  await issueKey(await signIn(), { name: "laptop" });
  const letScriptsCome = await holdScripts(page);
  await page.goto("/playground", { waitUntil: "commit" });
  await message(page).fill("Early");
  // Nothing hears it yet; above all it does not load the page anew.
  await page.getByRole("button", { name: "Send" }).click({ force: true });
  letScriptsCome();
  await expect(page.getByRole("button", { name: "Send" })).toHaveAttribute("aria-disabled", "false");
  await message(page).press("End");
  await message(page).pressSequentially(" bird");
  await message(page).press("Enter");
  await expect(turns(page).first()).toContainText("Early bird");
});

test("what a model writes is words and code, and never a part of the page", async ({ page, signIn, issueKey }) => {
  await issueKey(await signIn(), { name: "laptop" });
  const evil = `<img src=x onerror="document.title='owned'"> **<b>bold</b>**`;
  await answerWith(page, `${evil}\n\n\`\`\`html\n<script>document.title = "owned"</script>\n\`\`\`\nUse \`ls\`.`, {
    reasoning: "<i>Let me think.</i>",
  });
  await page.goto("/playground");
  await message(page).fill(evil);
  await message(page).press("Enter");
  const answer = turns(page).nth(1);
  await expect(answer).toContainText(`<img src=x onerror="document.title='owned'">`);
  await expect(answer.getByRole("region", { name: "Code, html" })).toContainText("<script>");
  expect(await turns(page).locator("img, script, b").count()).toBe(0);
  await expect(answer.getByText("<i>Let me think.</i>")).toBeHidden();
  await answer.getByText("Reasoning").click();
  await expect(answer.getByText("<i>Let me think.</i>")).toBeVisible();
  expect(await page.title()).not.toContain("owned");
});

test("a refusal says what to do, and asking again goes on from there", async ({ page, signIn, issueKey }) => {
  await issueKey(await signIn(), { name: "narrow", rpm: "1" });
  await page.goto("/playground");
  await message(page).fill("One");
  await message(page).press("Enter");
  await expect(turns(page).nth(1)).toContainText("out ·");
  await message(page).fill("Two");
  await message(page).press("Enter");
  const refused = turns(page).nth(3);
  await expect(refused).toContainText(/Try again in \d+ s/);
  await page.unrouteAll();
  await answerWith(page, "Here I am.");
  await refused.getByRole("button", { name: "Ask again" }).click();
  await expect(turns(page).nth(3)).toContainText("Here I am.");
  await expect(turns(page)).toHaveCount(4);
});

test("the curl that is shown is the same request", async ({ page, signIn, issueKey }) => {
  const { secret } = await issueKey(await signIn(), { name: "laptop" });
  await page.goto("/playground");
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("textbox", { name: "System prompt" }).fill("It's you.");
  await page.getByRole("spinbutton", { name: "Temperature" }).fill("0.3");
  await page.getByRole("spinbutton", { name: "At most" }).fill("7");
  const sent = page.waitForRequest("**/playground/chat");
  await message(page).fill("What's up?");
  await message(page).press("Enter");
  const body = (await sent).postDataJSON();
  expect(body).toMatchObject({
    temperature: 0.3,
    max_tokens: 7,
    messages: [{ role: "system", content: "It's you." }, {}],
  });
  await expect(turns(page).nth(1)).toContainText("Cut at the limit of tokens");
  await page.getByRole("button", { name: "Show as curl" }).click();
  const code = (await page.getByRole("region", { name: "curl" }).textContent()) ?? "";
  expect(code).not.toContain("sk-vllm-");
  const { stdout } = await promisify(execFile)("sh", ["-c", `${code} -sS`], {
    env: { ...process.env, PODPASS_KEY: secret },
  });
  expect(stdout).toContain('"completion_tokens":7');
  expect(stdout).toContain("data: [DONE]");
});

test("it offers the key's own models only, and somebody without a key is led to one", async ({
  page,
  signIn,
  issueKey,
}) => {
  const member = await signIn();
  await page.goto("/playground");
  await page.getByRole("link", { name: "New key" }).click();
  await expect(page.getByRole("dialog", { name: "New key" })).toBeVisible();
  await issueKey(member, { name: "elsewhere", models: "another-model" });
  await page.goto("/playground");
  await message(page).fill("Hello");
  await expect(page.getByText("No model this key may use is served right now.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Send" })).toHaveAttribute("aria-disabled", "true");
});

test("an ended session is said, and signing in leads back", async ({ page, signIn, issueKey }) => {
  await issueKey(await signIn(), { name: "laptop" });
  await page.goto("/playground");
  await message(page).fill("Hello");
  await expect(page.getByRole("button", { name: "Send" })).toHaveAttribute("aria-disabled", "false");
  await page.context().clearCookies({ name: /session/ });
  await message(page).press("Enter");
  await expect(turns(page).nth(1)).toContainText("Your session has ended.");
  await expect(turns(page).nth(1).getByRole("link", { name: "Sign in" })).toHaveAttribute("href", /playground/);
});

test("nobody calls with somebody else's key, from another site's page, or without a session", async ({
  page,
  request,
  baseURL,
  signIn,
  addMember,
  issueKey,
}) => {
  const theirs = await issueKey(await addMember(), { name: "theirs" });
  const own = await issueKey(await signIn(await addMember("admin")), { name: "own" });
  const ask = async (
    by: typeof request,
    key: string,
    origin: string | undefined,
    more: Record<string, string> = {},
  ) => {
    const answer = await by.post("/playground/chat", {
      headers: { "x-playground-key": key, ...(origin === undefined ? {} : { origin }), ...more },
      data: { model: "simulated-llama-8b", max_tokens: 2, messages: [{ role: "user", content: "Hello" }] },
      maxRedirects: 0,
    });
    return [answer.status(), ((await answer.json()) as { error?: { code: string } }).error?.code];
  };
  const forged = { "x-podpass-peer": "guess 127.0.0.1", "x-middleware-subrequest": "proxy:proxy:proxy:proxy:proxy" };
  expect(await ask(page.request, own.id, baseURL)).toEqual([200, undefined]);
  expect(await ask(page.request, theirs.id, baseURL)).toEqual([404, "not_found"]);
  expect(await ask(page.request, own.id, "https://evil.example")).toEqual([403, "forbidden"]);
  expect(await ask(page.request, own.id, undefined)).toEqual([403, "forbidden"]);
  expect(await ask(request, own.id, baseURL)).toEqual([401, "session_ended"]);
  expect(await ask(request, own.id, baseURL, forged)).toEqual([401, "session_ended"]);
  expect(await ask(request, own.id, baseURL, { authorization: `Bearer ${own.secret}` })).toEqual([
    401,
    "session_ended",
  ]);
  // Another spelling reaches the dashboard's own process, which answers no calls behind this front.
  const other = await page.request.post("/playground/chat?again", {
    headers: { "x-playground-key": own.id, origin: baseURL ?? "" },
    data: {},
  });
  expect(other.status()).toBe(404);
});

test("the playground is accessible and fits, empty and talking @look", async ({ page, signIn, issueKey }) => {
  await issueKey(await signIn(), { name: "laptop" });
  await page.goto("/playground");
  await expect(message(page)).toBeVisible();
  await expectAccessible(page);
  await answerWith(
    page,
    "Look:\n\n```python\nprint('a rather long line that does not fit on any phone at all', 1)\n```\n",
  );
  await page.getByRole("button", { name: "Settings" }).click();
  await message(page).fill("Hello");
  await message(page).press("Enter");
  await expect(turns(page).nth(1)).toContainText("print");
  await expectAccessible(page);
  await page.setViewportSize({ width: 320, height: 700 });
  await expectAccessible(page);
});
