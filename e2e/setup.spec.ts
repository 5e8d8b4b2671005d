import { expect, test } from "./fixtures";

const OWNER = { name: "Ada Lindqvist", email: "ada@example.com", password: "tea in Kathmandu" };

test("from nothing to a key: owner, pod, first key; a reload resumes, and afterwards setup is gone", async ({
  page,
  context,
  startFresh,
}) => {
  test.slow();
  const { url } = await startFresh();
  await page.goto(url);
  await expect(page).toHaveURL(`${url}/setup`);
  const second = await context.newPage();
  await second.goto(`${url}/setup`);

  await page.getByLabel("Name").fill(OWNER.name);
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("Password", { exact: true }).fill("too short");
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByText("Use at least 12 characters.")).toBeVisible();
  await expect(page.getByLabel("E-mail")).toHaveValue(OWNER.email);
  await page.getByLabel("Password", { exact: true }).fill(OWNER.password);
  await page.getByRole("button", { name: "Continue" }).click();

  await expect(page.getByRole("heading", { name: /step 2 of 3/ })).toBeVisible();
  await page.getByLabel("Address").fill("http://127.0.0.1:9");
  await page.getByRole("button", { name: "Test connection" }).click();
  await expect(page.getByRole("status").filter({ hasText: "nothing listens on this port" })).toBeVisible();
  await page.reload();
  await page.getByRole("button", { name: /^Skip/ }).click();

  await expect(page.getByRole("heading", { name: /step 3 of 3/ })).toBeVisible();
  await page.getByRole("button", { name: "Create key" }).click();
  await expect(page.getByLabel("New secret")).toHaveValue(/^sk-vllm-[A-Za-z0-9]{38}$/);
  await page.getByRole("button", { name: "I've saved it" }).click();
  await expect(page).toHaveURL(`${url}/keys`);

  expect((await page.request.get(`${url}/setup`)).status()).toBe(404);
  await second.getByLabel("Name").fill("Eve");
  await second.getByLabel("E-mail").fill("eve@example.com");
  await second.getByLabel("Password", { exact: true }).fill(OWNER.password);
  await second.getByRole("button", { name: "Continue" }).click();
  await expect(second.getByText(/no such page|already has an owner/)).toBeVisible();
});

test("a stranger needs the code that the start printed: behind a proxy, under another name, or for a public address", async ({
  playwright,
  startFresh,
}) => {
  test.slow();
  const server = await startFresh();
  const code = /\/setup\?code=(\S+)/.exec(server.output())?.[1] ?? "";
  expect(code.length).toBeGreaterThan(8);
  const request = await playwright.request.newContext({ baseURL: server.url });
  const page = async (path: string, headers: Record<string, string> = {}) =>
    (await request.get(path, { headers })).text();
  expect(await page("/setup")).toContain("step 1 of 3");
  for (const headers of [
    { "x-forwarded-for": "203.0.113.9" },
    { "x-forwarded-for": "127.0.0.1, 203.0.113.9" },
    { forwarded: "for=203.0.113.9" },
    { host: "pass.example.org" },
    { "x-real-ip": "203.0.113.9", "x-podpass-peer": "127.0.0.1" },
  ] as Record<string, string>[]) {
    expect(await page("/setup", headers), JSON.stringify(headers)).toContain("Setup code");
    expect(await page("/setup?code=guess", headers)).toContain("This is not the code.");
    expect(await page(`/setup?code=${code}`, headers)).toContain("step 1 of 3");
  }
  await request.dispose();
});

test("ADMIN_EMAIL makes the owner without a page", async ({ page, startFresh }) => {
  test.slow();
  const { url } = await startFresh({ ADMIN_EMAIL: "Ada@Example.com", ADMIN_PASSWORD: OWNER.password });
  expect((await page.request.get(`${url}/setup`)).status()).toBe(404);
  await page.goto(`${url}/sign-in`);
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("Password", { exact: true }).fill(OWNER.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page).toHaveURL(`${url}/keys`);
});
