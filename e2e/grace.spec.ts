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
  await expect.poll(() => statusFor(old.secret), { timeout: 5_000 }).toBe(401);
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
  await expect.poll(answer, { timeout: 5_000 }).toEqual({ status: 401, code: "key_revoked" });
});
