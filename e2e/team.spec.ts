import { expect, signInOn, test } from "./fixtures";

test("an invite ends in a link to copy that says when it ends, works once, and lets its reader join", async ({
  page,
  browser,
  addMember,
  signIn,
}) => {
  await signIn(await addMember("admin"));
  await page.goto("/team");
  const email = `${crypto.randomUUID().slice(0, 8)}@example.com`;
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^E-mail/).fill(email);
  await expect(dialog.getByRole("radio", { name: /Owner/ })).toBeDisabled();
  await dialog.getByRole("button", { name: "Make the link" }).click();
  const link = await dialog.getByLabel("Invite link").inputValue();
  await expect(dialog.getByText(/^Ends .*, in 6 days/)).toBeVisible();
  await dialog.getByRole("button", { name: "Done" }).click();
  await expect(page.getByRole("row", { name: email })).toBeVisible();

  const guest = await (await browser.newContext()).newPage();
  await guest.goto(link);
  await guest.getByLabel("Name").fill("Hedy Lamarr");
  await guest.getByLabel("Password", { exact: true }).fill("frequency hopping 1942");
  await guest.getByRole("button", { name: "Join", exact: true }).click();
  await guest.waitForURL("**/keys");
  await page.reload();
  await expect(page.getByRole("row", { name: email })).toContainText("Hedy Lamarr");
  await guest.goto(link);
  await expect(guest.getByRole("button", { name: "Join", exact: true })).toHaveCount(0);
  await guest.context().close();
});

test("a pending invite's link can be made again and revoked", async ({ page, addMember, signIn }) => {
  await signIn(await addMember("admin"));
  await page.goto("/team");
  const email = `${crypto.randomUUID().slice(0, 8)}@example.com`;
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await page.getByLabel(/^E-mail/).fill(email);
  await page.getByRole("button", { name: "Make the link" }).click();
  const first = await page.getByLabel("Invite link").inputValue();
  await page.getByRole("button", { name: "Done" }).click();

  await page.getByRole("row", { name: email }).getByRole("button", { name: "New link" }).click();
  await page.getByRole("button", { name: "Make a new link" }).click();
  await expect(page.getByLabel("Invite link")).not.toHaveValue(first);
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: `Revoke the invite for ${email}` }).click();
  await expect(page.getByRole("row", { name: email })).toHaveCount(0);
});

test("disabling a member says what it stops, ends their session, stops their key within five seconds, and can be undone", async ({
  page,
  browser,
  request,
  addMember,
  signIn,
  issueKey,
}) => {
  const leaving = await addMember();
  const key = await issueKey(leaving);
  const answer = async () =>
    (await request.get("/v1/models", { headers: { authorization: `Bearer ${key.secret}` } })).status();
  const theirs = await (await browser.newContext()).newPage();
  await signInOn(theirs, leaving);
  expect(await answer()).toBe(200);

  await signIn("owner");
  await page.goto("/team");
  const name = leaving.email.split("@")[0] ?? "";
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: "Disable" }).click();
  const dialog = page.getByRole("alertdialog");
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await expect(dialog).toContainText("ends 1 session at once and stops 1 live key within 5 seconds");
  await dialog.getByRole("button", { name: "Disable member" }).click();
  await expect(page.getByRole("row", { name: leaving.email })).toContainText("Disabled");
  await expect.poll(answer).toBe(401);
  await theirs.goto("/keys");
  await expect(theirs).toHaveURL(/sign-in/);

  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: "Enable", exact: true }).click();
  await expect.poll(answer).toBe(200);
  await theirs.context().close();
});

test("an admin cannot touch an owner, and is told who could", async ({ page, addMember, signIn }) => {
  const owner = await addMember("owner");
  await signIn(await addMember("admin"));
  await page.goto("/team");
  await page.getByRole("button", { name: `Actions for ${owner.email.split("@")[0]}` }).click();
  const item = page.getByRole("menuitem", { name: /Change role/ });
  await expect(item).toContainText("Only for owners");
  await expect(item).toHaveAttribute("aria-disabled", "true");
});

test("a member's new role and limits are there after a reload", async ({ page, addMember, signIn }) => {
  const member = await addMember();
  const name = member.email.split("@")[0] ?? "";
  await signIn("owner");
  await page.goto("/team");
  const row = page.getByRole("row", { name: member.email });
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: "Change role" }).click();
  await page.getByRole("radio", { name: /Admin/ }).check();
  await page.getByRole("button", { name: "Change role" }).click();
  await expect(row).toContainText("Admin");

  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: "Limits" }).click();
  await page.getByLabel("Requests a minute").fill("a few");
  await page.getByLabel("GPU dollars a month").fill("12.50");
  await page.getByRole("button", { name: "Save limits" }).click();
  await expect(page.getByText("Use a whole number.")).toBeVisible();
  await expect(page.getByLabel("GPU dollars a month")).toHaveValue("12.50");
  await page.getByLabel("Requests a minute").fill("60");
  await page.getByRole("button", { name: "Save limits" }).click();
  await expect(row).toContainText("own limits");
  await page.reload();
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: "Limits" }).click();
  await expect(page.getByLabel("Requests a minute")).toHaveValue("60");
  await expect(page.getByLabel("GPU dollars a month")).toHaveValue("12.5");
});

for (const path of ["/team", "/pods"]) {
  test(`a member who opens ${path} reads who could @phone`, async ({ page, signIn }) => {
    await signIn();
    await page.goto(path);
    await expect(page.getByText(/^Only admins can see and change the .*\. Ask .+\.$/)).toBeVisible();
  });
}
