// A Chromium for the browser tests: one that is there, else Debian's, else Playwright's own.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const USUAL_PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** The path of a browser Playwright can drive, or null. `PODPASS_TEST_BROWSER` names one that lies elsewhere. */
export async function findBrowser() {
  const named = process.env.PODPASS_TEST_BROWSER;
  if (named) return existsSync(named) ? named : null;
  const installed = USUAL_PLACES.find((path) => existsSync(path));
  if (installed) return installed;
  const { chromium } = await import("@playwright/test");
  const own = chromium.executablePath();
  return existsSync(own) ? own : null;
}

/** Finds a browser or installs one; null when neither can be done here. `say` gets what is going on. */
export async function ensureBrowser(say) {
  const found = await findBrowser();
  if (found !== null) return found;
  if (canInstallPackages()) {
    say("Installing Debian's chromium for the browser tests …");
    const apt = (...args) =>
      spawnSync("apt-get", args, {
        stdio: ["ignore", 2, 2],
        env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      });
    apt("update", "-q");
    apt("install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-liberation");
    const debian = await findBrowser();
    if (debian !== null) return debian;
  }
  say("Asking Playwright for its own Chromium …");
  const cli = join(dirname(createRequire(import.meta.url).resolve("@playwright/test/package.json")), "cli.js");
  spawnSync(process.execPath, [cli, "install", "chromium"], { stdio: ["ignore", 2, 2] });
  return findBrowser();
}

export const HOW_TO_INSTALL =
  "The browser tests need Chromium, and none could be installed here. Install one (Debian, Ubuntu: sudo apt-get install chromium; " +
  "elsewhere: npx playwright install --with-deps chromium) or name yours in PODPASS_TEST_BROWSER.";

function canInstallPackages() {
  return process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
}
