import { expect, test } from "vitest";
import { contentSecurityPolicy, isPublicPage, pageHeaders } from "./page-headers";

const site = { nonce: "bm9uY2U=", isHttps: true, isDevelopment: false };

test("in production no script runs without the nonce, and nothing frames, rebases or embeds the page", () => {
  const policy = contentSecurityPolicy(site);
  expect(policy).toContain("script-src 'nonce-bm9uY2U=' 'strict-dynamic';");
  for (const rule of ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"]) {
    expect(policy).toContain(rule);
  }
  expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline|ws:|\*/);
});

test("https is promised for two years, and only where people use https", () => {
  expect(pageHeaders(site)["strict-transport-security"]).toBe("max-age=63072000");
  expect(pageHeaders({ ...site, isHttps: false })).not.toHaveProperty("strict-transport-security");
});

test.each([
  ["/sign-in", true],
  ["/invite/abc", true],
  ["/reset", true],
  ["/setup", true],
  ["/setups", false],
  ["/keys", false],
  ["/", false],
  ["/team/invite", false],
])("%s is for strangers: %s", (path, isPublic) => {
  expect(isPublicPage(path)).toBe(isPublic);
});
