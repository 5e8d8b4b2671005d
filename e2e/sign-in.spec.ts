import { expect, test } from "./fixtures";

test("a member signs in with the keyboard alone and lands where they wanted to go @phone", async ({
  page,
  addMember,
}) => {
  const { email, password } = await addMember();
  await page.goto("/keys");
  await expect(page).toHaveURL(/\/sign-in/);
  await page.getByLabel("E-mail").focus();
  await page.keyboard.type(email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/keys$/);
});

test("a wrong password and an unknown address are told alike", async ({ page, addMember }) => {
  const { email } = await addMember();
  for (const address of [email, "nobody@example.com"]) {
    await page.goto("/sign-in");
    await page.getByLabel("E-mail").fill(address);
    await page.getByLabel("Password", { exact: true }).fill("not the password");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(page.getByText("E-mail or password is wrong")).toBeVisible();
  }
});
