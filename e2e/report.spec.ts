import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";

const RECEIVED = /^Received\. If it was a secret of this Podpass/;
const TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

async function expectAccessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.target}`)).toEqual([]);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(over, "nothing scrolls sideways").toBeLessThanOrEqual(0);
}

test("whoever finds a secret ends it without signing in, and its owner is told on every page @phone", async ({
  page,
  browser,
  baseURL,
  addMember,
  issueKey,
  signIn,
  request,
}) => {
  const owner = await addMember();
  const { id, secret } = await issueKey(owner, { name: "nightly-eval" });
  const models = () => request.get("/v1/models", { headers: { authorization: `Bearer ${secret}` } });
  expect((await models()).status()).toBe(200);

  const finder = await browser.newPage({ baseURL });
  await finder.goto("/report");
  await finder.getByLabel("Secret").fill(`OPENAI_API_KEY=${secret}`);
  await finder.getByLabel("Secret").press("Enter");
  await expect(finder.getByRole("status")).toHaveText(RECEIVED);
  expect(finder.url()).not.toContain("sk-vllm");
  expect(await finder.content()).not.toContain(secret);
  await finder.close();

  const refused = await models();
  expect([refused.status(), (await refused.json()).error.code]).toEqual([401, "key_revoked"]);

  await signIn(owner);
  await expect(page.getByText("nightly-eval leaked.")).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: "nightly-eval" }).first().click();
  await expect(page).toHaveURL(new RegExp(id));
  await expect(page.getByText(/revoked it: somebody reported sk-vllm-.* as leaked/)).toBeVisible();
  await page.goto("/activity");
  await expect(page.getByRole("row", { name: /took a leak report and revoked the key/ })).toBeVisible();
});

test("a string that is no secret gets the same words, and nobody else hears of it", async ({ page, signIn }) => {
  await page.goto("/report");
  await page.getByLabel("Secret").fill("sk-vllm-this-is-none");
  await page.getByRole("button", { name: "Report secret" }).click();
  await expect(page.getByRole("status")).toHaveText(RECEIVED);
  await page.getByRole("button", { name: "Report another" }).click();
  await expect(page.getByLabel("Secret")).toHaveValue("");
  await page.getByRole("button", { name: "Report secret" }).click();
  await expect(page.getByText("Paste the secret.")).toBeVisible();
  await signIn();
  await expect(page.getByText("leaked.")).toHaveCount(0);
});

test("a program reports with one request, and learns nothing from the answer", async ({
  request,
  addMember,
  issueKey,
}) => {
  const { secret } = await issueKey(await addMember());
  const report = (body: string) => request.post("/report/secret", { data: { secret: body } });
  const answers = [await report(secret), await report(secret), await report("nonsense")];
  for (const answer of answers) {
    expect([answer.status(), await answer.json()]).toEqual([200, { status: "received" }]);
    expect(answer.headers()["cache-control"]).toContain("no-store");
  }
  expect((await request.get("/v1/models", { headers: { authorization: `Bearer ${secret}` } })).status()).toBe(401);
  expect((await request.get(`/report/secret?secret=${secret}`)).status()).toBe(405);
  expect((await report("x".repeat(5_000))).status()).toBe(413);
});

test("the page is accessible, light and dark, and fits a phone @look", async ({ page }) => {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1_280, 320]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 700 });
      await page.goto("/report");
      await expectAccessible(page);
    }
  }
});

test("admins are told on every page that Redis is away, and no log holds what was reported", async ({
  startFresh,
  browser,
}) => {
  const server = await startFresh({
    ADMIN_EMAIL: "root@example.com",
    ADMIN_PASSWORD: "a password of length",
    REDIS_URL: "redis://127.0.0.1:9",
  });
  const page = await (await browser.newContext({ baseURL: server.url })).newPage();
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill("root@example.com");
  await page.getByLabel("Password", { exact: true }).fill("a password of length");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(/keys/);
  await expect(async () => {
    await page.reload();
    await expect(page.getByText("Redis is away.")).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 30_000 });
  await expectAccessible(page);
  const ready = await page.request.get("/readyz");
  expect([ready.status(), await ready.json()]).toEqual([
    200,
    { status: "ok", warnings: [expect.stringContaining("Redis is away")] },
  ]);
  expect(await (await page.request.get("/metrics")).text()).toContain("podpass_redis_away 1");

  // While the server is one's own: what is reported reaches no log, however wrong the report is.
  const canary = `sk-vllm-${"c".repeat(38)}`;
  await page.request.post("/report/secret", { data: { secret: canary } });
  await page.request.post(`/report/secret?secret=${canary}`, {
    data: canary,
    headers: { "content-type": "text/plain" },
  });
  await page.request.post("/report/secret", {
    data: `{"secret": "${canary}`,
    headers: { "content-type": "application/json" },
  });
  await page.goto("/report");
  await page.getByLabel("Secret").fill(canary);
  await page.getByRole("button", { name: "Report secret" }).click();
  await expect(page.getByRole("status")).toHaveText(RECEIVED);
  expect(server.output()).not.toContain(canary);
  await page.close();
});
