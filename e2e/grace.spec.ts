import { expect, test } from "./fixtures";

test("during the grace period both secrets work; ended early, only the new one does", async ({
  page,
  request,
  signIn,
  issueKey,
}) => {
  const old = await issueKey(await signIn(), { name: "laptop" });
  const statusFor = async (secret: string) =>
    (await request.get("/v1/models", { headers: { authorization: `Bearer ${secret}` } })).status();
  await page.goto(`/keys/${old.id}`);
  await page.getByRole("button", { name: "Rotate" }).first().click();
  await expect(page.getByLabel("24 hours")).toBeChecked();
  await page.getByLabel("1 hour").check();
  await page.getByRole("button", { name: "Rotate key" }).click();
  await expect(page.getByLabel("New secret")).toHaveValue(/^sk-vllm-/);
  const fresh = await page.getByLabel("New secret").inputValue();
  expect(fresh).not.toBe(old.secret);
  await page.getByRole("button", { name: "I've saved it" }).click();
  expect(await statusFor(fresh)).toBe(200);
  expect(await statusFor(old.secret)).toBe(200);

  await expect(page.getByText(old.hint).first()).toBeVisible();
  await page.getByRole("button", { name: "End the old secret now" }).click();
  await expect.poll(() => statusFor(old.secret)).toBe(401);
  expect(await statusFor(fresh)).toBe(200);
});

test("what a refused secret hears says why, and since when", async ({ request, addMember, issueKey, podpass }) => {
  const key = await issueKey(await addMember(), { name: "laptop" });
  const answer = async () => {
    const said = await request.get("/v1/models", { headers: { authorization: `Bearer ${key.secret}` } });
    return { status: said.status(), code: said.ok() ? null : (await said.json()).error.code };
  };
  expect(await answer()).toEqual({ status: 200, code: null });
  await podpass(["key", "revoke", key.id]);
  await expect.poll(answer).toEqual({ status: 401, code: "key_revoked" });
});

test("a grace period of one's own choice, within the policy, and who still uses the old secret", async ({
  page,
  request,
  signIn,
  issueKey,
}) => {
  const old = await issueKey(await signIn(), { name: "laptop" });
  await page.goto(`/keys/${old.id}`);
  await page.getByRole("button", { name: "Rotate" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Rotate laptop" });
  await expect(dialog).toContainText("was never used");
  await dialog.getByLabel("Custom").check();
  await dialog.getByLabel("How long").fill("8");
  await expect(dialog.getByText("Your team's policy allows at most 7 days.")).toBeVisible();
  await dialog.getByRole("button", { name: "Rotate key" }).click();
  await expect(page.getByLabel("New secret")).toHaveCount(0);
  await dialog.getByLabel("How long").fill("3");
  await dialog.getByLabel("Unit").selectOption("hours");
  await dialog.getByRole("button", { name: "Rotate key" }).click();
  await expect(page.getByLabel("New secret")).toHaveValue(/^sk-vllm-/);
  await page.getByRole("button", { name: "I've saved it" }).click();
  await expect(page.getByText("Outgoing").locator("xpath=..")).toContainText(/2 h 59 min|3 h/);
  await expect(page.getByText("Nobody has used the old secret since the rotation.")).toBeVisible();

  await request.post("/v1/chat/completions", {
    headers: { authorization: `Bearer ${old.secret}` },
    data: { model: "simulated-llama-8b", max_tokens: 2, messages: [{ role: "user", content: "Hello" }] },
  });
  await expect(page.getByText("The old secret is still in use")).toBeVisible({ timeout: 30_000 });
});
