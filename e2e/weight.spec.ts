import { gzipSync } from "node:zlib";
import { expect, test } from "./fixtures";

/** In bytes, gzipped: what a browser has to load before the keys page answers. */
const MOST = 170_000;

test("the keys page loads at most 170 kB of script, gzipped", async ({ page, signIn, issueKey, request }) => {
  await issueKey(await signIn(), { name: "laptop" });
  const html = await (await page.request.get("/keys")).text();
  const scripts = new Set(
    [...html.matchAll(/<script[^>]+src="([^"]+\.js[^"]*)"(?![^>]*nomodule)/gi)].map(([, src]) => src),
  );
  let bytes = 0;
  for (const src of scripts) bytes += gzipSync(await (await request.get(src ?? "")).body(), { level: 9 }).length;
  expect(scripts.size).toBeGreaterThan(3);
  expect(bytes).toBeLessThanOrEqual(MOST);
});
