import type { APIRequestContext, Page } from "@playwright/test";
import { expect, test } from "./fixtures";

const MODEL = "simulated-llama-8b";

const call = (request: APIRequestContext, secret: string, model = MODEL) =>
  request.post("/v1/chat/completions", {
    headers: { authorization: `Bearer ${secret}` },
    data: { model, max_tokens: 4, messages: [{ role: "user", content: "Hello" }] },
  });

const chip = (page: Page, words: string) => page.getByRole("button", { name: `${words} , take this filter away` });

test("what a view is narrowed to has its name, and one press takes it away @phone", async ({
  page,
  request,
  signIn,
  issueKey,
}) => {
  const member = await signIn();
  const [laptop, server] = [await issueKey(member, { name: "laptop" }), await issueKey(member, { name: "server" })];
  await call(request, laptop.secret);
  for (const path of ["/usage?range=1h&by=model", "/requests?range=1h"]) {
    await page.goto(`${path}&key=${laptop.id}&key=${server.id}`);
    await expect(chip(page, "key laptop")).toBeVisible();
    await chip(page, "key server").click();
    await expect(chip(page, "key server")).toHaveCount(0);
    await expect(chip(page, "key laptop")).toBeVisible();
    expect(new URL(page.url()).searchParams.getAll("key")).toEqual([laptop.id]);
  }
  // Nothing was ever asked with this one: its name is there all the same.
  await page.goto(`/requests?key=${server.id}`);
  await expect(chip(page, "key server")).toBeVisible();
  await page.getByRole("button", { name: "Clear them" }).click();
  await expect(chip(page, "key server")).toHaveCount(0);
});

test("an admin's chips name members and pods; nobody's chips name what is not theirs", async ({
  page,
  signIn,
  addMember,
  issueKey,
}) => {
  const other = await addMember();
  const theirs = await issueKey(other, { name: "a name to keep" });
  const admin = await addMember("admin");
  await signIn(admin);
  await page.goto(`/usage?key=${theirs.id}`);
  await expect(chip(page, "key a name to keep")).toBeVisible();
  await page.context().clearCookies();
  await signIn();
  for (const path of ["/usage", "/requests"]) {
    await page.goto(`${path}?key=${theirs.id}`);
    await expect(chip(page, "key unknown")).toBeVisible();
  }
});

test("everything is there as JSON as well, the same rows as in the CSV", async ({
  page,
  request,
  signIn,
  issueKey,
}) => {
  const { id, secret } = await issueKey(await signIn(), { name: "=laptop" });
  const answer = await call(request, secret);
  const requestId = answer.headers()["x-request-id"];
  const json = async (path: string) => {
    const file = await page.request.get(path);
    expect(file.headers()["content-type"]).toContain("application/json");
    expect(file.headers()["content-disposition"]).toMatch(/attachment; filename="podpass-.*\.json"/);
    return (await file.json()) as Record<string, unknown>[];
  };
  await expect.poll(async () => (await json("/requests/export?format=json")).length).toBe(1);
  const [row] = await json("/requests/export?format=json");
  // A spreadsheet's formulas are no danger in JSON: the name is as it is.
  expect(row).toMatchObject({ requestId, keyId: id, keyName: "=laptop", completionTokens: 4, outcome: "completed" });
  expect(await json("/requests/export?format=json&outcome=failed")).toEqual([]);
  const [sum] = await json("/usage/export?range=1h&by=key&format=json");
  expect(sum).toMatchObject({ keyId: id, key: "=laptop", requests: 1, completionTokens: 4 });
  expect((await json("/activity/export?format=json")).length).toBeGreaterThan(0);

  await page.goto("/requests?outcome=completed");
  const link = page.getByRole("link", { name: "JSON" });
  await expect(link).toHaveAttribute("href", "/requests/export?outcome=completed&format=json");
});

test("the zone is shown and can be changed, on the log as on the chart", async ({
  page,
  request,
  signIn,
  issueKey,
}) => {
  const { secret } = await issueKey(await signIn(), { name: "laptop" });
  const answer = await call(request, secret);
  const at = new Date(Number.parseInt((answer.headers()["x-request-id"] ?? "").replaceAll("-", "").slice(0, 12), 16));
  const clock = (timeZone: string) => at.toLocaleTimeString("en-GB", { timeZone });
  await page.goto("/requests");
  await expect(page.getByRole("row", { name: "laptop" })).toContainText(clock("Asia/Kathmandu"));
  await page.getByRole("button", { name: "Time zone: Asia/Kathmandu" }).click();
  await page.getByRole("menuitemradio", { name: "UTC" }).click();
  await expect(page.getByRole("row", { name: "laptop" })).toContainText(clock("UTC"));
  await expect(page).toHaveURL(/tz=UTC/);
});

test("a bar leads to what it is made of, by keyboard too, and its numbers stand in a table", async ({
  page,
  request,
  signIn,
  issueKey,
}) => {
  const { id, secret } = await issueKey(await signIn(), { name: "laptop" });
  const answer = await call(request, secret);
  const { usage } = (await answer.json()) as { usage: { total_tokens: number } };
  await page.goto(`/usage?range=30d&key=${id}`);
  await page.getByRole("button", { name: "Table", exact: true }).click();
  const numbers = page.getByRole("region", { name: "The chart's numbers" });
  await expect(numbers.getByRole("row")).toHaveCount(2);
  await expect(numbers.getByRole("row").nth(1)).toContainText(String(usage.total_tokens));
  await page.getByRole("button", { name: "Chart", exact: true }).click();

  const chart = page.getByRole("group", { name: /^Tokens by/ });
  await expect(chart.locator(".bars path").first()).toHaveCSS("stroke", "none");
  await expect(chart.locator(".bars path").first()).not.toHaveCSS("fill", "none");
  await chart.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/range=custom/);
  await expect(page.getByLabel("From")).toBeVisible();
  await chart.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/requests\?from=/);
  await expect(chip(page, "key laptop")).toBeVisible();
});

test("a finished request is on every range within seconds, without a reload", async ({
  page,
  request,
  signIn,
  issueKey,
}) => {
  const { secret } = await issueKey(await signIn(), { name: "laptop" });
  await page.goto("/usage?range=90d&by=key");
  await expect(page.getByText("No requests in the last 90 days")).toBeVisible();
  await call(request, secret);
  await expect(page.getByRole("row", { name: "laptop" })).toBeVisible();
});
