import { type Browser, chromium } from "@playwright/test";
import { findBrowser } from "../scripts/browser.mjs";
import type { Figure } from "./figures";
import { spreadOf } from "./statistics";

const LOADS = 5;
const SETTLE_MS = 1_500;

type Painted = { lcp: number; cls: number };

/** When a page's largest part is painted, and how far anything jumps, in a fresh profile of Chromium. Nothing without a browser. */
export async function measurePaint(port: number, cookie: string, paths: readonly string[]): Promise<Figure[]> {
  const executablePath = await findBrowser();
  if (executablePath === null) {
    process.stderr.write("Without paint times: there is no Chromium.\n");
    return [];
  }
  const args = ["--no-sandbox", "--disable-background-networking"];
  const browser = await chromium.launch({ executablePath, args });
  const figures: Figure[] = [];
  for (const path of paths) {
    const loads: Painted[] = [];
    for (let n = 0; n < LOADS; n += 1) loads.push(await load(browser, port, cookie, path));
    const lcp = spreadOf(loads.map((painted) => painted.lcp));
    const cls = spreadOf(loads.map((painted) => painted.cls));
    figures.push(
      {
        name: `${path}: largest paint`,
        value: lcp,
        unit: "ms",
        detail: "cold cache",
        goal: { better: "less", least: 1_200, aim: 600 },
      },
      {
        name: `${path}: layout shift`,
        value: cls,
        unit: "",
        detail: "",
        goal: { better: "less", least: 0.02, aim: 0 },
      },
    );
  }
  await browser.close();
  return figures;
}

async function load(browser: Browser, port: number, cookie: string, path: string): Promise<Painted> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 800 } });
  const url = `http://127.0.0.1:${port}`;
  const at = cookie.indexOf("=");
  await context.addCookies([{ name: cookie.slice(0, at), value: cookie.slice(at + 1), url }]);
  await context.addInitScript(() => {
    const painted = { lcp: 0, cls: 0 };
    Object.assign(window, { painted });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) painted.lcp = entry.startTime;
    }).observe({ type: "largest-contentful-paint", buffered: true });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
        if (!entry.hadRecentInput) painted.cls += entry.value;
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  const page = await context.newPage();
  await page.goto(url + path, { waitUntil: "load" });
  await page.waitForTimeout(SETTLE_MS);
  const painted = await page.evaluate(() => (window as unknown as { painted: Painted }).painted);
  await context.close();
  return painted;
}
