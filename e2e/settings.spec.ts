import { expect, signInOn, test } from "./fixtures";

test("name, zone and theme are kept, and times follow the zone", async ({ page, signIn }) => {
  await signIn();
  await page.goto("/settings");
  await page.getByLabel("Name").fill("Ada Lindqvist");
  await page.getByLabel("Time zone").selectOption("Europe/Berlin");
  await page.getByRole("button", { name: "Dark", exact: true }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: "Save profile" }).click();
  await expect(page.getByText("Your profile is saved")).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Name")).toHaveValue("Ada Lindqvist");
  await expect(page.getByText("Now: Europe/Berlin.")).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("a theme chosen once is there on the first paint of a browser that was never here", async ({
  page,
  browser,
  signIn,
}) => {
  const member = await signIn();
  const saved = page.waitForResponse((response) => response.request().method() === "POST");
  await page.getByRole("button", { name: "Your account" }).or(page.locator(".me")).first().click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await saved;
  const other = await (await browser.newContext()).newPage();
  await signInOn(other, member);
  const first = await other.goto("/keys");
  expect(await first?.text()).toContain('data-theme="dark"');
  await expect(other.locator("html")).toHaveAttribute("data-theme", "dark");
  await other.context().close();
});

test("every other session can be ended from here, and this one stays", async ({ page, browser, signIn }) => {
  const member = await signIn();
  const other = await (await browser.newContext()).newPage();
  await signInOn(other, member);
  await page.goto("/settings");
  await expect(page.getByText("This one")).toHaveCount(1);
  await page.getByRole("button", { name: "End all others" }).click();
  await expect(page.getByText("1 other session has ended")).toBeVisible();
  await other.goto("/keys");
  await expect(other).toHaveURL(/sign-in/);
  await page.reload();
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  await other.context().close();
});

test("a wrong current password is said at its field, the right one ends the other sessions", async ({
  page,
  browser,
  signIn,
}) => {
  const member = await signIn();
  const other = await (await browser.newContext()).newPage();
  await signInOn(other, member);
  await page.goto("/settings");
  await page.getByLabel("Current password").fill("not the password");
  await page.getByLabel("New password").fill("tea in Kathmandu");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByLabel("Current password")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Current password").fill(member.password);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Your password is changed")).toBeVisible();
  await other.goto("/keys");
  await expect(other).toHaveURL(/sign-in/);
  await other.context().close();
});

test("a change of the policy says how many keys it concerns before it is saved", async ({
  page,
  addMember,
  signIn,
  issueKey,
}) => {
  await issueKey(await addMember(), { expires: "90d" });
  await signIn(await addMember("admin"));
  await page.goto("/settings");
  const before = await page.getByLabel("Longest life of a key").inputValue();
  await page.getByLabel("Longest life of a key").fill("2");
  await page.getByLabel("Life of a new key").fill("2");
  await page.getByRole("button", { name: "Save policy" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText(/\d+ keys? outlives? the new maximum/);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.reload();
  await expect(page.getByLabel("Longest life of a key")).toHaveValue(before);
});

test("members see neither the policy nor what is fixed at the start; admins see secrets only as set", async ({
  page,
  addMember,
  signIn,
}) => {
  await signIn();
  await page.goto("/settings");
  await expect(page.getByRole("heading", { name: "You", exact: true })).toBeVisible();
  await expect(page.getByRole("heading", { name: /Policy|Fixed/ })).toHaveCount(0);
  await page.context().clearCookies();
  await signInOn(page, await addMember("admin"));
  await page.goto("/settings");
  await expect(page.getByText("PODPASS_SECRET", { exact: true }).locator("xpath=../..")).toContainText("set");
  expect(await page.content()).not.toContain("postgres://");
});
