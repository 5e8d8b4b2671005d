import { startHookServer } from "@/test/rig/hook-server";
import { expect, OWNER, test } from "./fixtures";

test("an admin gives a pod hooks, puts it to sleep, wakes it, and never sees the token again", async ({
  page,
  startFresh,
}) => {
  test.slow();
  let status = 200;
  const hooks = await startHookServer((_, response) => void response.writeHead(status).end("{}"));
  const { url } = await startFresh({ ADMIN_EMAIL: OWNER.email, ADMIN_PASSWORD: OWNER.password });
  await page.goto(`${url}/sign-in?callbackUrl=/pods`);
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("Password", { exact: true }).fill(OWNER.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL("**/pods");

  const pod = page.getByRole("region", { name: "Simulated pod" });
  const more = pod.getByRole("button", { name: "More for Simulated pod" });
  await expect(pod.getByText("no hooks")).toBeVisible();
  await expect(pod.getByText("Serving")).toBeVisible({ timeout: 30_000 });
  await more.click();
  await page.getByRole("menuitem", { name: "Set wake and sleep" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Address that starts it").fill("http://169.254.169.254/start");
  await dialog.getByLabel("Address that stops it").fill(`${hooks.url}/stop`);
  await dialog.getByLabel("Authorization", { exact: true }).fill("Bearer rpa_never-shown");
  await dialog.getByLabel("Stop after").fill("5");
  await dialog.getByLabel("Wake when called").check();
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByText("Use an https:// address")).toBeVisible();
  await dialog.getByLabel("Address that starts it").fill(`${hooks.url}/start`);
  await dialog.getByLabel("Stop after").fill("3");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByText("Use 5 or more.")).toBeVisible();
  await dialog.getByLabel("Stop after").fill("5");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(pod.getByText("woken when called, stopped after 5 idle minutes")).toBeVisible();
  expect(await page.content()).not.toContain("rpa_never-shown");

  status = 401;
  await more.click();
  await page.getByRole("menuitem", { name: "Put to sleep" }).click();
  await expect(page.getByText("No call runs on it now.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Cancel" })).toBeFocused();
  await page.getByRole("button", { name: "Put to sleep" }).click();
  await expect(page.getByRole("alertdialog").getByText("it answered 401")).toBeVisible({ timeout: 20_000 });
  status = 200;
  await page.getByRole("button", { name: "Put to sleep" }).click();
  await expect(pod.getByText("Asleep")).toBeVisible({ timeout: 20_000 });
  await pod.getByRole("button", { name: "Wake Simulated pod" }).click();
  await expect(pod.getByText("Serving")).toBeVisible({ timeout: 30_000 });
  await expect(pod.getByText("Saved this month")).toBeVisible({ timeout: 20_000 });
  expect(hooks.pathsHeard()).toEqual(["/stop", "/stop", "/start"]);
  await page.goto(`${url}/activity`);
  await expect(page.getByText("woke the pod")).toBeVisible();
  await hooks.close();
});
