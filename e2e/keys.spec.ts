import type { Page } from "@playwright/test";
import { expect, holdScripts, test } from "./fixtures";

const SECRET = /^sk-vllm-[0-9A-Za-z]{38}$/;

async function createKey(page: Page, name: string) {
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Create key" }).click();
  const secret = page.getByLabel("New secret");
  await expect(secret).toHaveValue(SECRET);
  return secret.inputValue();
}

/** Takes the clipboard away, as plain http on a name of one's own does. */
async function withoutClipboard(page: Page, isCopyingRefused: boolean) {
  await page.addInitScript((refused) => {
    Object.defineProperty(Navigator.prototype, "clipboard", { get: () => undefined });
    if (refused) document.execCommand = () => false;
    document.addEventListener("copy", () => {
      const field = document.activeElement;
      if (field instanceof HTMLTextAreaElement) document.documentElement.dataset.copied = field.value;
    });
  }, isCopyingRefused);
}

test("on a phone, where columns have no heads, a menu puts the keys in order", async ({ page, signIn }) => {
  await page.setViewportSize({ width: 360, height: 780 });
  await signIn();
  for (const name of ["alpha", "beta"]) {
    await createKey(page, name);
    await page.getByRole("button", { name: "I've saved it" }).click();
  }
  const names = page.locator("tbody a.name");
  await expect(names).toHaveText(["beta", "alpha"]);
  await page.getByRole("button", { name: "Order: by newest" }).click();
  await page.getByRole("menuitemradio", { name: "name", exact: true }).click();
  await expect(page).toHaveURL(/sort=name/);
  await expect(names).toHaveText(["alpha", "beta"]);
});

test("from no key to a call that works: made, shown once, tried, saved @phone", async ({ page, signIn }) => {
  await signIn();
  await expect(page.getByText("You have no key yet.")).toBeVisible();
  const secret = await createKey(page, "desktop");

  await expect(page.getByLabel("New secret")).toBeFocused();
  await page.getByRole("tab", { name: "Python" }).click();
  await expect(page.getByRole("tabpanel")).toContainText(secret);
  await page.getByRole("button", { name: "Send a test request" }).click();
  await expect(page.getByText(/200 in .* m?s/)).toBeVisible();

  await page.getByRole("button", { name: "I've saved it" }).click();
  await expect(page.getByRole("link", { name: "desktop" })).toBeVisible();
  expect(await page.content()).not.toContain(secret);
  await page.reload();
  expect(await page.content()).not.toContain(secret);
  expect(
    await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state])),
  ).not.toContain(secret);
});

test("a secret is never closed by accident: Escape, back and a click outside ask first", async ({ page, signIn }) => {
  await signIn();
  await createKey(page, "desktop");
  const question = page.getByText("Close without having saved it?");
  const leave = [
    () => page.keyboard.press("Escape"),
    () => page.goBack(),
    () => page.mouse.click(4, 400),
    // A browser honours only the first refusal of a close request.
    () => page.keyboard.press("Escape").then(() => page.keyboard.press("Escape")),
  ];
  for (const way of leave) {
    await way();
    await expect(question).toBeVisible();
    await expect(page.getByLabel("New secret")).toHaveValue(SECRET);
    await page.getByRole("button", { name: "Keep it open" }).click();
    await expect(question).toBeHidden();
  }
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page).toHaveURL(/\/keys$/);
});

test("copying works where the browser has no clipboard", async ({ page, signIn }) => {
  await withoutClipboard(page, false);
  await signIn();
  const secret = await createKey(page, "desktop");
  await page.getByRole("button", { name: "Copy secret" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Copied" })).toHaveText("Copied");
  await expect(page.locator("html")).toHaveAttribute("data-copied", secret);
});

test("where nothing can be copied the secret is selected and the shortcut named", async ({ page, signIn }) => {
  await withoutClipboard(page, true);
  await signIn();
  const secret = await createKey(page, "desktop");
  await page.getByRole("button", { name: "Copy secret" }).click();
  await expect(page.getByText("Press Ctrl+C", { exact: true })).toBeVisible();
  expect(await page.evaluate(() => getSelection()?.toString())).toBe(secret);
});

test("a refused form loses nothing and says what is wrong where it is wrong", async ({ page, signIn }) => {
  await signIn();
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Name", { exact: true }).fill(" ");
  await page.getByLabel("Expires").selectOption("7d");
  await page.getByText("Limits", { exact: false }).first().click();
  await page.getByLabel("Requests a minute").fill("many");
  await page.getByRole("button", { name: "Create key" }).click();
  await expect(page.getByText("Give it a name.")).toBeVisible();
  await expect(page.getByLabel("Name", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Expires")).toHaveValue("7d");
  await expect(page.getByLabel("Requests a minute")).toHaveValue("many");
});

test("a leaked secret is dead within seconds of its rotation", async ({ page, request, signIn, issueKey }) => {
  const leaked = await issueKey(await signIn(), { name: "laptop" });
  const statusFor = async (secret: string) =>
    (await request.get("/v1/models", { headers: { authorization: `Bearer ${secret}` } })).status();
  expect(await statusFor(leaked.secret)).toBe(200);
  await page.goto("/keys");
  await page.getByRole("row", { name: "laptop" }).getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Rotate" }).click();
  await page.getByLabel("stop now").check();
  await page.getByRole("button", { name: "Rotate key" }).click();
  await expect(page.getByLabel("New secret")).toHaveValue(SECRET);
  const fresh = await page.getByLabel("New secret").inputValue();
  await expect.poll(() => statusFor(leaked.secret)).toBe(401);
  expect(await statusFor(fresh)).toBe(200);
});

test("by keyboard alone: rotate with a day of grace, and the focus is back where it was", async ({
  page,
  signIn,
  issueKey,
}) => {
  await issueKey(await signIn(), { name: "laptop" });
  await page.goto("/keys");
  const actions = page.getByRole("button", { name: "Actions for laptop" });
  await actions.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "Rotate" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(actions).toBeFocused();
  await page.keyboard.press("Enter");
  // The menu takes the focus a moment after it opens: a second key before that would be the button's.
  await expect(page.getByRole("menuitem", { name: "Rotate" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("24 hours")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("New secret")).toBeFocused();
  await page.getByRole("button", { name: "I've saved it" }).press("Enter");
  await expect(page.getByRole("row", { name: "laptop" })).toContainText("Rotating");
  await expect(page.getByRole("row", { name: "laptop" })).toContainText("old until");
  await expect(actions).toBeFocused();
});

test("a key in use: disable and revoke say what breaks; disable is undone in the toast; revoke asks for its name and is for good", async ({
  page,
  request,
  signIn,
  issueKey,
}) => {
  const { secret } = await issueKey(await signIn(), { name: "laptop" });
  await request.post("/v1/chat/completions", {
    headers: { authorization: `Bearer ${secret}` },
    data: { model: "simulated-llama-8b", max_tokens: 2, messages: [{ role: "user", content: "Hello" }] },
  });
  const row = page.getByRole("row", { name: "laptop" });
  await expect(async () => {
    await page.goto("/keys");
    await expect(row).toContainText("ago", { timeout: 500 });
  }).toPass();
  await row.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Disable" }).click();
  const warning = page.getByRole("alertdialog", { name: "Disable laptop" });
  await expect(warning).toContainText(/last used .* from .*, 1 request today/);
  await expect(warning.getByRole("button", { name: "Cancel" })).toBeFocused();
  await warning.getByRole("button", { name: "Disable key" }).click();
  await expect(row).toContainText("Disabled");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(row).toContainText("Active");

  await row.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Revoke" }).click();
  const dialog = page.getByRole("alertdialog", { name: "Revoke laptop" });
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await expect(dialog).toContainText(
    /last used .* from .*, 1 request today\. Every call with it fails within 5 seconds/,
  );
  await expect(dialog.getByRole("button", { name: "Revoke key" })).toBeDisabled();
  await dialog.getByLabel("Type laptop to confirm").fill("laptop");
  await dialog.getByRole("button", { name: "Revoke key" }).click();
  await expect(page.getByText("laptop is revoked")).toBeVisible();
  await expect(page.getByRole("button", { name: "Undo" })).toBeHidden();
  await page.getByRole("button", { name: "Show ended keys" }).click();
  await expect(row).toContainText("Revoked");
});

test("a key that nobody uses is disabled with one press", async ({ page, signIn, issueKey }) => {
  await issueKey(await signIn(), { name: "laptop" });
  await page.goto("/keys");
  const row = page.getByRole("row", { name: "laptop" });
  await row.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Disable" }).click();
  await expect(row).toContainText("Disabled");
  await expect(page.getByText("laptop is disabled")).toBeVisible();
});

test("a pasted secret is recognised in the browser and sent nowhere", async ({ page, signIn, issueKey }) => {
  const { secret } = await issueKey(await signIn(), { name: "laptop" });
  await page.goto("/keys");
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.getByLabel("Search keys").fill(secret);
  await expect(page.getByText("That is a whole secret")).toBeVisible();
  await page.getByLabel("Search keys").fill("lap");
  await expect(page).toHaveURL(/q=lap/);
  expect(asked.some((url) => url.includes(secret.slice(8, 24)))).toBe(false);
  await page.getByLabel("Search keys").fill("nothing like it");
  await page.getByRole("button", { name: "Clear them" }).click();
  await expect(page.getByRole("row", { name: "laptop" })).toBeVisible();
});

test("a search is not lost that was typed before the page's script had run", async ({ page, signIn, issueKey }) => {
  const member = await signIn();
  await issueKey(member, { name: "laptop" });
  await issueKey(member, { name: "server" });
  const letScriptsCome = await holdScripts(page);
  await page.goto("/keys", { waitUntil: "commit" });
  await page.getByLabel("Search keys").fill("serv");
  letScriptsCome();
  await expect(page.getByRole("row", { name: "laptop" })).toHaveCount(0);
  await expect(page.getByRole("row", { name: "server" })).toBeVisible();
  await expect(page.getByLabel("Search keys")).toHaveValue("serv");
});

test("somebody else's key answers exactly like one that doesn't exist", async ({
  page,
  signIn,
  addMember,
  issueKey,
}) => {
  const theirs = await issueKey(await addMember(), { name: "theirs" });
  await signIn();
  const answers = [];
  for (const id of [theirs.id, "018f0000-0000-7000-8000-000000000000"]) {
    const response = await page.goto(`/keys/${id}`);
    answers.push({ status: response?.status(), words: await page.getByRole("main").textContent() });
  }
  expect(answers[0]).toEqual(answers[1]);
  expect(answers[0]?.status).toBe(404);
});

test("a key's end is changed where its limits are, within the policy, and stays where nobody touches it", async ({
  page,
  signIn,
  issueKey,
}) => {
  const key = await issueKey(await signIn(), { name: "laptop", expires: "30d" });
  await page.goto(`/keys/${key.id}`);
  await page.getByRole("button", { name: "Edit limits" }).click();
  const dialog = page.getByRole("dialog", { name: "Limits of laptop" });
  await dialog.getByLabel("Requests a minute").fill("30");
  await dialog.getByRole("button", { name: "Save limits" }).click();
  const history = page.getByRole("listitem").filter({ hasText: "changed" });
  await expect(history).toContainText("changed requests a minute, no limit to 30");
  await expect(history).not.toContainText("its end");

  await page.getByRole("button", { name: "Edit limits" }).click();
  await dialog.getByLabel("Expires").selectOption("7d");
  await dialog.getByRole("button", { name: "Save limits" }).click();
  await expect(history.filter({ hasText: "changed its end" })).toHaveCount(1);
});
