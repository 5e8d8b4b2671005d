// `npm run pictures`: the README's pictures, from a seeded Podpass of its own on what is built in dist/.
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium, type Page } from "@playwright/test";
import { startPodpass } from "../e2e/podpass-server";
import { findBrowser } from "./browser.mjs";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "docs/images");
const THEMES = ["light", "dark"] as const;

const QUESTIONS = ["What is a key-value cache good for?", "And when is it thrown away?"];
const PHONE = { width: 390, height: 844 };

type Theme = (typeof THEMES)[number];

/** Fills a data folder and gives back how its owner signs in. */
async function seed(dataDir: string) {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, NODE_ENV: "production" as const, PODPASS_DATA_DIR: dataDir, PODPASS_DOTENV: "off" };
  const { stdout } = await run(
    join(root, "node_modules/.bin/tsx"),
    ["prisma/seed.ts", "--settle", "--events", "600000"],
    { cwd: root, env },
  );
  const [, email = "", password = ""] = /(\S+@\S+) {2}(\S+) {2}\(owner\)/.exec(stdout) ?? [];
  return { email, password };
}

async function signedIn(browser: Browser, url: string, theme: Theme, login: { email: string; password: string }) {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 1440, height: 900 },
    colorScheme: theme,
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: "Asia/Kathmandu",
  });
  const page = await context.newPage();
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(login.email);
  await page.getByLabel("Password", { exact: true }).fill(login.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL("**/keys");
  return page;
}

async function take(page: Page, theme: Theme) {
  const keep = (name: string) =>
    page.screenshot({ path: join(folder, `${name}-${theme}.png`), animations: "disabled" });
  /** Goes there and waits for the page itself: its title stands above the grey stand-ins already. */
  const show = async (path: string) => {
    await page.goto(path, { waitUntil: "networkidle" });
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.locator(".skeleton").waitFor({ state: "detached" });
  };
  await page.goto("/keys");
  await page.getByRole("row", { name: "Nora Haddad" }).first().waitFor();
  await keep("keys");

  await page.goto("/keys?q=homepage-chat");
  await page.getByRole("link", { name: "homepage-chat" }).click();
  await page.getByRole("heading", { level: 1, name: "homepage-chat" }).waitFor();
  await page.locator(".chart .plot .bars path").first().waitFor();
  await keep("key");

  await page.goto("/usage?range=30d&by=member");
  await page.locator(".chart .plot .bars path").first().waitFor();
  await keep("usage");

  await page.goto("/usage?range=30d&by=member&metric=cost");
  await page.locator(".chart .plot .bars path").first().waitFor();
  await keep("costs");

  await page.goto("/requests");
  await page.locator("tbody tr").nth(20).waitFor();
  await keep("requests");

  await page.goto("/playground");
  const answers = page.getByRole("list", { name: "Conversation" }).getByRole("listitem");
  for (const [asked, question] of QUESTIONS.entries()) {
    await page.getByRole("textbox", { name: "Message" }).fill(question);
    await page.getByRole("textbox", { name: "Message" }).press("Enter");
    await answers
      .nth(2 * asked + 1)
      .getByText(/ in, .* out/)
      .waitFor();
  }
  await keep("playground");

  for (const name of ["team", "pods", "activity", "connect", "settings"]) {
    await show(`/${name}`);
    await keep(name);
  }

  await page.goto("/keys");
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Name", { exact: true }).fill("workshop");
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByRole("button", { name: "Send a test request" }).click();
  await page.getByText(/200 in .* m?s/).waitFor();
  const panel = page.getByRole("dialog");
  await panel.screenshot({ path: join(folder, `secret-${theme}.png`), animations: "disabled" });

  await page.setViewportSize(PHONE);
  for (const name of ["keys", "usage"]) {
    await show(`/${name}`);
    await keep(`phone-${name}`);
  }
}

async function main() {
  mkdirSync(folder, { recursive: true });
  const server = await startPodpass();
  const executablePath = (await findBrowser()) ?? undefined;
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const login = await seed(server.dataDir);
    for (const theme of THEMES) await take(await signedIn(browser, server.url, theme, login), theme);
  } finally {
    await browser.close();
    await server.dispose();
  }
}

await main();
