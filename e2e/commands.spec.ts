import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";

const TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

const field = (page: Page) => page.getByRole("combobox", { name: "Find or do" });
const options = (page: Page) => page.getByRole("option");

/** The page listens from the moment its scripts have run, which a locator can't see. */
async function openMenu(page: Page) {
  await expect(async () => {
    await page.keyboard.press("Control+k");
    await expect(field(page)).toBeFocused({ timeout: 1_000 });
  }).toPass();
}

async function expectAccessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.target}`)).toEqual([]);
}

test("a few letters lead to a page, an action, or one of one's keys, by keyboard alone", async ({
  page,
  signIn,
  issueKey,
}) => {
  const { id } = await issueKey(await signIn(), { name: "nightly evaluation" });
  await page.goto("/usage");
  await openMenu(page);
  await field(page).fill("rqs");
  await expect(options(page).first()).toHaveText(/^Requests/);
  await field(page).fill("nev");
  await expect(options(page).first()).toContainText("nightly evaluation");
  await expect(options(page).first()).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/keys/${id}$`));

  await openMenu(page);
  await field(page).fill("rot nig eval");
  await expect(options(page).first()).toHaveText(/^Rotate nightly evaluation/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Rotate nightly evaluation" })).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`/keys/${id}$`));
  await page.keyboard.press("Escape");

  await openMenu(page);
  await field(page).fill("create");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "New key" })).toBeVisible();
});

test("what was used last comes first, and the next person finds none of its names", async ({
  page,
  signIn,
  issueKey,
}) => {
  await issueKey(await signIn(), { name: "a private name" });
  await page.goto("/keys");
  await openMenu(page);
  await field(page).fill("private");
  await expect(options(page).first()).toContainText("a private name");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/keys\/.+/);
  await openMenu(page);
  await expect(page.getByRole("group", { name: "Recent" }).getByRole("option")).toContainText("a private name");
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain("private name");
  await page.keyboard.press("Escape");
  await page.context().clearCookies();
  await signIn();
  await page.goto("/keys");
  await openMenu(page);
  await expect(options(page).first()).toBeVisible();
  await expect(page.getByRole("dialog")).not.toContainText("a private name");
});

test("arrows wrap around, Escape closes, and the focus returns to where it was", async ({ page, signIn }) => {
  await signIn();
  await page.goto("/connect");
  await page
    .getByRole("button", { name: /Find or do/ })
    .first()
    .click();
  await expect(field(page)).toBeFocused();
  await page.keyboard.press("ArrowUp");
  await expect(options(page).last()).toHaveAttribute("aria-selected", "true");
  const active = await field(page).getAttribute("aria-activedescendant");
  expect(await options(page).last().getAttribute("id")).toBe(active);
  await page.keyboard.press("ArrowDown");
  await expect(options(page).first()).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: /Find or do/ }).first()).toBeFocused();
});

test("the theme changes from the menu, and stays", async ({ page, signIn }) => {
  await signIn();
  await page.goto("/keys");
  await openMenu(page);
  await field(page).fill("dark");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  expect(await (await page.reload())?.text()).toContain('data-theme="dark"');
});

test("an admin finds members, pods and everybody's keys; a member finds none of them", async ({
  page,
  signIn,
  addMember,
  issueKey,
}) => {
  const other = await addMember();
  await issueKey(other, { name: `theirs ${other.email}` });
  const name = other.email.split("@")[0] ?? "";
  await signIn("owner");
  await page.goto("/keys");
  await openMenu(page);
  await field(page).fill(name);
  await expect(
    options(page)
      .filter({ hasText: `theirs ${other.email}` })
      .first(),
  ).toBeVisible();
  await field(page).fill(`usage of ${name}`);
  await expect(options(page).filter({ hasText: "Usage of" }).first()).toBeVisible();
  await field(page).fill("simulated");
  await expect(options(page).filter({ hasText: "Simulated pod" })).toBeVisible();
  await field(page).fill("invite");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: /Invite/ })).toBeVisible();

  await page.context().clearCookies();
  await signIn();
  await page.goto("/keys");
  await openMenu(page);
  for (const typed of [name, "simulated", "invite", "pods"]) {
    await field(page).fill(typed);
    await expect(page.getByRole("dialog")).toContainText("Nothing is called that.");
  }
  const found = await page.request.get(`/find?q=${name}`);
  expect(await found.json()).toEqual({ keys: [], members: [], pods: [] });
});

test("an address opens a dialog at most: revoking still asks", async ({ page, signIn, issueKey }) => {
  const { id } = await issueKey(await signIn(), { name: "laptop" });
  await page.goto(`/keys/${id}?do=revoke`);
  await expect(page.getByRole("alertdialog", { name: "Revoke laptop" })).toBeVisible();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.goto(`/keys/${id}?do=constructor`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("laptop");
  await expect(page.getByRole("alertdialog")).toHaveCount(0);
});

test("the menu and the list of shortcuts are accessible @look", async ({ page, signIn, issueKey, isMobile }) => {
  await issueKey(await signIn(), { name: "laptop" });
  await page.goto("/keys");
  await page
    .getByRole("button", { name: /Find or do/ })
    .filter({ visible: true })
    .click();
  await expect(options(page).filter({ hasText: "laptop" })).toBeVisible();
  await expectAccessible(page);
  await field(page).fill("lap");
  await expect(page.getByRole("status").filter({ hasText: /result/ })).toBeAttached();
  await expectAccessible(page);
  if (isMobile) {
    // There is no Escape on a phone.
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    await expect(page.getByRole("dialog")).toHaveCount(0);
    return;
  }
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await expectAccessible(page);
});
