import { readFile } from "node:fs/promises";
import { AxeBuilder } from "@axe-core/playwright";
import { expect, test } from "./fixtures";

test("what was done is found by person and action, in the address and as CSV", async ({
  page,
  addMember,
  signIn,
  issueKey,
}) => {
  const member = await addMember();
  const keyName = `nightly ${member.email.slice(0, 6)}`;
  await issueKey(member, { name: keyName });
  await signIn("owner");
  await page.goto("/activity");
  await page.getByRole("button", { name: /^Person:/ }).click();
  await page.getByRole("menuitemradio", { name: member.email.split("@")[0] }).click();
  await page.waitForURL(/member=/);
  await page.getByRole("button", { name: /^Action:/ }).click();
  await page.getByRole("menuitemradio", { name: "Made the key" }).click();
  await page.waitForURL(/action=key\.create/);
  await expect(page.getByRole("row", { name: /Command line made the key/ })).toContainText(keyName);

  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "CSV" }).click()]);
  const lines = (await readFile(await file.path(), "utf8")).trim().split("\r\n");
  expect(lines[0]).toMatch(/^at,actor,action,target/);
  expect(lines.slice(1)).toHaveLength(1);
  expect(lines[1]).toContain(keyName);

  await page.getByLabel("To", { exact: true }).fill("2020-01-01");
  await expect(page.getByText("Nothing matches these filters.")).toBeVisible();
  await page.getByRole("button", { name: "Clear them" }).click();
  await expect(page.getByRole("table")).toBeVisible();
});

test("members see what concerns them and nothing else", async ({ page, addMember, signIn, issueKey }) => {
  const other = await addMember();
  await issueKey(other, { name: `secret project ${other.email}` });
  const member = await addMember();
  await issueKey(member, { name: "my laptop" });
  await signIn(member);
  await page.goto("/activity");
  await expect(page.getByRole("link", { name: "my laptop" })).toBeVisible();
  await expect(page.getByText(`secret project ${other.email}`)).toHaveCount(0);
  await expect(page.getByRole("button", { name: /^Person:/ })).toHaveCount(0);
});

for (const path of ["/team", "/pods", "/settings", "/activity"]) {
  test(`${path} is clean in either theme and at phone width @look`, async ({ page, signIn }) => {
    await signIn("owner");
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    const tags = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];
    const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target.join(" "))])).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  });
}
