import { defineConfig, devices } from "@playwright/test";
import { findBrowser } from "./scripts/browser.mjs";

const executablePath = (await findBrowser()) ?? undefined;
const isRoot = process.getuid?.() === 0;

// A browser that asks nobody for updates, lists or fonts: the tests need no network.
const args = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  // A name of one's own on plain http, as a first install on a local network has.
  "--host-resolver-rules=MAP podpass.test 127.0.0.1",
  ...(isRoot ? ["--no-sandbox"] : []),
];

const SERVER_SPECS = "**/server-*.spec.ts";
const desktop = { ...devices["Desktop Chrome"], viewport: { width: 1280, height: 800 } };

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results/browser",
  globalSetup: "./test/setup/e2e-server.ts",
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  // A machine of two shared cores stalls for seconds now and then. What passed only on a second try is reported as flaky.
  retries: process.env.CI ? 2 : 0,
  workers: 2,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  use: {
    launchOptions: { executablePath, args },
    locale: "en-GB",
    timezoneId: "Asia/Kathmandu",
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    video: "off",
  },
  projects: [
    { name: "desktop", use: desktop, testIgnore: SERVER_SPECS },
    // What must hold in every shape: specs that say so in their tags.
    { name: "dark", use: { ...desktop, colorScheme: "dark" }, grep: /@look/, testIgnore: SERVER_SPECS },
    { name: "phone", use: devices["Pixel 7"], grep: /@look|@phone/, testIgnore: SERVER_SPECS },
    { name: "server", testMatch: SERVER_SPECS, fullyParallel: false },
  ],
});
