import { expect, OWNER, signInOn, test } from "./fixtures";

test("a pod is tested before it is saved, may be saved anyway, and says what is wrong and what to do", async ({
  page,
  startFresh,
}) => {
  test.slow();
  const { url } = await startFresh({ ADMIN_EMAIL: OWNER.email, ADMIN_PASSWORD: OWNER.password });
  await page.goto(`${url}/sign-in?callbackUrl=/pods`);
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("Password", { exact: true }).fill(OWNER.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL("**/pods");
  await expect(page.getByText("This is the simulated pod")).toBeVisible();

  await page.getByRole("button", { name: "Add pod" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("atlas");
  await dialog.getByLabel("Address").fill("http://127.0.0.1:9");
  await dialog.getByRole("button", { name: "Add pod" }).click();
  await expect(dialog.getByText("nothing listens on this port")).toBeVisible();
  await expect(dialog.getByText("Start vLLM, check the port")).toBeVisible();
  await dialog.getByRole("button", { name: "Save anyway" }).click();

  const pod = page.getByRole("region", { name: "atlas" });
  await expect(pod.getByText("Unreachable")).toBeVisible({ timeout: 30_000 });
  await expect(pod.getByText("Start vLLM, check the port")).toBeVisible();
  await expect(page.getByText("This is the simulated pod")).toHaveCount(0);

  await pod.getByRole("button", { name: "Pause atlas" }).click();
  await expect(pod.getByText("Paused")).toBeVisible();
  await pod.getByRole("button", { name: "Resume atlas" }).click();
  await expect(pod.getByRole("button", { name: "Pause atlas" })).toBeVisible();

  await pod.getByRole("button", { name: "More for atlas" }).click();
  await page.getByRole("menuitem", { name: "Store a key" }).click();
  await page.getByLabel("New key").fill("a-key-of-the-pod");
  await page.getByRole("button", { name: "Store key" }).click();
  await expect(pod.getByText("stored, never shown")).toBeVisible();
  expect(await page.content()).not.toContain("a-key-of-the-pod");

  await pod.getByRole("button", { name: "More for atlas" }).click();
  await page.getByRole("menuitem", { name: "Replace the key" }).click();
  await expect(page.getByText("for a day both keys are tried")).toBeVisible();
  await page.getByLabel("New key").fill("another-key-of-the-pod");
  await page.getByRole("button", { name: "Replace key" }).click();
  await expect(pod.getByText("the one before is tried too")).toBeVisible();

  await pod.getByRole("button", { name: "More for atlas" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  await page.getByLabel("Waiting room").fill("700");
  await page.getByLabel(/Behind a proxy that gives up/).check();
  await page.getByRole("button", { name: "Save pod" }).click();
  await expect(page.getByText("Use 600 or less.")).toBeVisible();
  await page.getByLabel("Waiting room").fill("90");
  await page.getByRole("button", { name: "Save pod" }).click();
  await expect(pod.getByText("90 seconds while it loads")).toBeVisible();
  await expect(page.getByText("Calls wait for up to 90 seconds and are then refused")).toBeVisible();
  await expect(pod.getByText("gives up after 100 seconds")).toBeVisible();

  await pod.getByRole("button", { name: "More for atlas" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await expect(page.getByRole("button", { name: "Cancel" })).toBeFocused();
  await page.getByRole("button", { name: "Remove pod" }).click();
  await expect(pod).toHaveCount(0);
});

test("the serving pod shows its models and who may change it", async ({ page, addMember }) => {
  await signInOn(page, await addMember("admin"));
  await page.goto("/pods");
  const pod = page.getByRole("region", { name: "Simulated pod" });
  await expect(pod.getByText("Serving")).toBeVisible();
  await pod.getByRole("button", { name: "Test the connection to Simulated pod" }).click();
  await expect(pod.getByRole("status")).toContainText(/Answers in \d+ ms/);
});
