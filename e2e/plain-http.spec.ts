import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { freePort, startPodpass } from "./podpass-server";

const OWNER = { email: "ada@example.com", password: "tea in Kathmandu" };
/** The browser's flags in playwright.config.ts lead this name to loopback. */
const NAME = "podpass.test";

/** Presses Tab until the element with this name has the focus, as somebody without a pointer does. */
async function tabTo(page: Page, name: string) {
  const wanted = page.getByRole("button", { name, exact: true });
  await expect(wanted).toBeVisible();
  for (let presses = 0; presses < 60; presses += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${name} is not reached with Tab.`);
}

test("on plain http, by keyboard alone: sign in, make a key, copy it, try it, say that it is saved", async ({
  page,
}) => {
  test.slow();
  const port = await freePort();
  const server = await startPodpass({
    port,
    env: { PUBLIC_URL: `http://${NAME}:${port}`, ADMIN_EMAIL: OWNER.email, ADMIN_PASSWORD: OWNER.password },
  });
  try {
    await page.goto(`http://${NAME}:${port}/sign-in`);
    expect(await page.evaluate(() => isSecureContext)).toBe(false);
    await page.getByLabel("E-mail").fill(OWNER.email);
    await page.keyboard.press("Tab");
    await page.keyboard.type(OWNER.password);
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(`http://${NAME}:${port}/keys`);

    await tabTo(page, "New key");
    await page.keyboard.press("Enter");
    await expect(page.getByLabel("Name", { exact: true })).toBeFocused();
    await page.keyboard.type("work bench");
    await page.keyboard.press("Enter");
    const field = page.getByLabel("New secret");
    await expect(field).toBeFocused();
    const secret = await field.inputValue();
    expect(secret).toMatch(/^sk-vllm-[0-9A-Za-z]{38}$/);
    await expect(page.getByText(`http://${NAME}:${port}`).first()).toBeVisible();

    await tabTo(page, "Copy secret");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("status").filter({ hasText: "Copied" })).toHaveText("Copied");
    await tabTo(page, "Send a test request");
    await page.keyboard.press("Enter");
    await expect(page.getByText(/200 in .* m?s/)).toBeVisible();
    await tabTo(page, "I've saved it");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("dialog")).toBeHidden();
    await expect(page.getByRole("link", { name: "work bench" })).toBeVisible();

    // What was copied is really on the clipboard: pasted where the page says what it is.
    expect(await page.content()).not.toContain(secret.slice(8, 42));
    await page.getByLabel("Search keys").focus();
    await page.keyboard.press("Control+v");
    await expect(page.getByLabel("Search keys")).toHaveValue(secret);
    await expect(page.getByText("That is a whole secret")).toBeVisible();
  } finally {
    await server.dispose();
  }
});

test("a page of another name can do nothing here", async ({ page, baseURL, signIn }) => {
  await signIn();
  const foreign = new URL(baseURL ?? "");
  foreign.hostname = NAME;
  await page.goto(`${foreign.origin}/sign-in`);
  const status = await page.evaluate(async (url) => {
    const answer = await fetch(url, { mode: "cors", credentials: "include" }).catch(() => null);
    return answer?.status ?? null;
  }, `${baseURL}/usage/export?range=1h`);
  expect(status).toBeNull();
});
