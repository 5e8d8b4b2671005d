import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";

const PAGES = ["Keys", "Usage", "Requests", "Connect"];
const TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

async function expectAccessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.target}`)).toEqual([]);
  const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(width, "nothing scrolls sideways").toBeLessThanOrEqual(0);
}

for (const name of PAGES) {
  test(`${name} is accessible and fits @look`, async ({ page, signIn, issueKey, request }) => {
    const { secret } = await issueKey(await signIn(), { name: "laptop" });
    await request.post("/v1/chat/completions", {
      headers: { authorization: `Bearer ${secret}` },
      data: { model: "simulated-llama-8b", max_tokens: 4, messages: [{ role: "user", content: "Hello" }] },
    });
    await page.goto(`/${name.toLowerCase()}`);
    await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
    await expectAccessible(page);
    await page.setViewportSize({ width: 320, height: 700 });
    await expectAccessible(page);
  });
}

test("each key dialog is accessible @look", async ({ page, signIn, issueKey }) => {
  await issueKey(await signIn(), { name: "laptop" });
  await page.goto("/keys");
  await page.getByRole("button", { name: "New key" }).click();
  await expect(page.getByRole("dialog", { name: "New key" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Create key" }).click();
  await expect(page.getByLabel("New secret")).toBeVisible();
  await expectAccessible(page);
});

test("a request shows on the usage page and in the log within seconds, with the tokens its caller was told", async ({
  page,
  signIn,
  issueKey,
  request,
}) => {
  const { secret } = await issueKey(await signIn(), { name: "laptop" });
  await page.goto("/requests");
  await expect(page.getByText("No requests in the last 24 hours.")).toBeVisible();
  const answer = await request.post("/v1/chat/completions", {
    headers: { authorization: `Bearer ${secret}` },
    data: { model: "simulated-llama-8b", max_tokens: 7, messages: [{ role: "user", content: "Hello" }] },
  });
  const { usage } = await answer.json();
  const row = page.getByRole("row", { name: "Completed" });
  await expect(row).toContainText(String(usage.prompt_tokens));
  await expect(row).toContainText(String(usage.completion_tokens));

  await page.getByLabel("Find a request").fill(answer.headers()["x-request-id"] ?? "");
  await page.getByLabel("Find a request").press("Enter");
  await expect(page.getByText("Answered in full")).toBeVisible();

  await page.goto("/usage?range=1h");
  await expect(page.getByRole("row", { name: "laptop" })).toContainText(String(usage.total_tokens));
  const file = page.waitForEvent("download");
  await page.getByRole("link", { name: "CSV" }).click();
  expect((await file).suggestedFilename()).toMatch(/^podpass-usage-.*-by-key\.csv$/);
});

test("a view of usage is its address: range, metric, group and zone survive a reload", async ({ page, signIn }) => {
  await signIn();
  await page.goto("/usage");
  await page.getByRole("button", { name: "7 d", exact: true }).click();
  await expect(page).toHaveURL(/range=7d/);
  await page.getByRole("button", { name: /^Metric/ }).click();
  await page.getByRole("menuitemradio", { name: "Requests" }).click();
  await expect(page).toHaveURL(/metric=requests/);
  await page.getByRole("button", { name: "Time zone: Asia/Kathmandu" }).click();
  await page.getByRole("menuitemradio", { name: "UTC" }).click();
  await expect(page).toHaveURL(/tz=UTC/);
  await page.reload();
  await expect(page.getByRole("button", { name: "7 d", exact: true })).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("button", { name: "Time zone: UTC" })).toBeVisible();
});

test("the theme is right from the first paint, also when chosen against the system's", async ({ page, signIn }) => {
  await signIn();
  await page.getByRole("button", { name: "Your account" }).or(page.locator(".me")).first().click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  const response = await page.reload();
  expect(await response?.text()).toContain('data-theme="dark"');
});

test("letters lead to pages, and are silent in fields", async ({ page, signIn, issueKey }) => {
  await issueKey(await signIn(), { name: "laptop" });
  await page.goto("/keys");
  // The page listens from the moment its scripts have run, which a locator can't see.
  await expect(async () => {
    await page.keyboard.press("/");
    await expect(page.getByLabel("Search keys")).toBeFocused({ timeout: 500 });
  }).toPass();
  await page.keyboard.type("gun");
  await expect(page.getByLabel("Search keys")).toHaveValue("gun");
  await page.getByLabel("Search keys").blur();
  await page.keyboard.press("g");
  await page.keyboard.press("u");
  await expect(page).toHaveURL(/\/usage/);
  // Two letters belong together within a second, which a busy machine can take between two presses.
  await expect(async () => {
    await page.keyboard.press("g");
    await page.keyboard.press("l");
    await expect(page).toHaveURL(/\/playground/, { timeout: 3_000 });
  }).toPass();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Find or do" })).toBeFocused();
  await page.keyboard.type("conn");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/connect/);
});
