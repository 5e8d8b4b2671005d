import OpenAI from "openai";
import { expect, OWNER, test } from "./fixtures";
import { runCli } from "./podpass-server";

const MODEL = "simulated-llama-8b";

test("a pod with a price is paid for by those who use it: shown apart from idle time, exported to the micro-dollar, and limited", async ({
  page,
  startFresh,
}) => {
  test.slow();
  const { url, dataDir } = await startFresh({
    ADMIN_EMAIL: OWNER.email,
    ADMIN_PASSWORD: OWNER.password,
    SIM_TOKENS_PER_SECOND: "100",
  });
  const podpass = (...args: string[]) => runCli(dataDir, args) as Promise<Record<string, number | string>[]>;
  await podpass("pod", "edit", "Simulated pod", "--hourly-usd", "36");
  const issue = (name: string, ...limits: string[]) =>
    runCli(dataDir, ["key", "issue", "--member", OWNER.email, "--name", name, ...limits]) as Promise<{
      secret: string;
    }>;
  const call = ({ secret }: { secret: string }) =>
    new OpenAI({ baseURL: `${url}/v1`, apiKey: secret, maxRetries: 0 }).chat.completions.create({
      model: MODEL,
      messages: [{ role: "user", content: "What does this cost?" }],
      max_tokens: 150,
    });

  const free = await issue("free");
  const limited = await issue("limited", "--monthly-usd", "0.001");
  await call(free);
  await call(limited);
  // Its share of the running hour is known within seconds, and is more than a tenth of a cent.
  await expect
    .poll(
      async () => (await podpass("usage", "export", "--by", "key")).every((row) => Number(row.gpuMicroUsd) > 1_000),
      {
        timeout: 60_000,
      },
    )
    .toBe(true);
  await expect
    .poll(() => call(limited).catch((error: unknown) => (error instanceof OpenAI.APIError ? error.code : error)), {
      timeout: 60_000,
      intervals: [2_000],
    })
    .toBe("budget_exhausted");
  await call(free);

  const [keys, hours] = await Promise.all([
    podpass("usage", "export", "--by", "key"),
    podpass("usage", "export", "--by", "hour"),
  ]);
  const sum = (rows: typeof keys, name: string) => rows.reduce((all, row) => all + Number(row[name]), 0);
  expect(sum(hours, "idleMicroUsd")).toBeGreaterThan(sum(keys, "gpuMicroUsd"));

  await page.goto(`${url}/sign-in`);
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("Password", { exact: true }).fill(OWNER.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL("**/keys");
  await page.goto(`${url}/usage?metric=cost&range=24h&by=key`);
  await expect(page.getByRole("button", { name: "Idle", exact: true })).toBeVisible();
  await expect(page.getByRole("row", { name: /^Idle/ })).toContainText("$");
  await expect(page.getByRole("row", { name: /free/ })).toContainText("$");
  await page.getByText("What a GPU dollar is").click();
  await expect(page.getByText("a completion token 4.")).toBeVisible();

  await page.goto(`${url}/pods`);
  await expect(page.getByText("Cost this month")).toBeVisible();
  await expect(page.getByText(/% idle/)).toBeVisible();

  await page.goto(`${url}/keys`);
  await page.getByRole("link", { name: "limited" }).click();
  await expect(page.getByText("GPU dollars a month")).toBeVisible();
});
