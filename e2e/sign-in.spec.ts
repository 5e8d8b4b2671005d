import { AxeBuilder } from "@axe-core/playwright";
import type { APIRequestContext } from "@playwright/test";
import { expect, signInOn, test } from "./fixtures";

const FORM = "application/x-www-form-urlencoded";

/** Signs in as a program would: a CSRF token with its cookie, then the form. */
async function postPassword(
  request: APIRequestContext,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
) {
  const { csrfToken } = await (await request.get("/api/auth/csrf")).json();
  return request.post("/api/auth/callback/credentials", {
    form: { csrfToken, json: "true", ...fields },
    headers,
    maxRedirects: 0,
  });
}

const sessionOf = async (request: APIRequestContext) => (await request.get("/api/auth/session")).json();

test("a wrong password and an unknown address get the same words, and nothing typed is lost @phone", async ({
  page,
  addMember,
}) => {
  const member = await addMember();
  await page.goto("/sign-in");
  for (const email of [member.email, "nobody@example.com"]) {
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password", { exact: true }).fill("not the password");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(page.getByRole("alert").filter({ hasText: "wrong" })).toHaveText("E-mail or password is wrong.");
    await expect(page.getByLabel("E-mail")).toHaveValue(email);
    await page.reload();
  }
});

test("signing in by keyboard alone leads back to where one wanted to go", async ({ page, addMember }) => {
  const member = await addMember();
  await page.goto("/usage?range=7d");
  await expect(page.getByLabel("E-mail")).toBeFocused();
  await page.keyboard.type(member.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(member.password);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Show password" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Password", { exact: true })).toHaveAttribute("type", "text");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/usage?range=7d");
});

test("a callback to another site is not followed", async ({ page, addMember }) => {
  const member = await addMember();
  await page.goto(`/sign-in?callbackUrl=${encodeURIComponent("//evil.example/x")}`);
  await page.getByLabel("E-mail").fill(member.email);
  await page.getByLabel("Password", { exact: true }).fill(member.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL((url) => url.pathname === "/keys" && url.hostname === "localhost");
});

test("sign-in, reset and invite pages pass axe @look", async ({ page }) => {
  for (const path of ["/sign-in", "/reset", "/invite/nonsense", "/sign-in?error=NoAccount"]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    const { violations } = await new AxeBuilder({ page })
      .withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
      .analyze();
    expect(violations).toEqual([]);
  }
});

test("after ten wrong passwords even the right one waits, whatever address a header claims", async ({
  request,
  addMember,
}) => {
  const { email, password } = await addMember();
  const statuses: number[] = [];
  for (let tries = 0; tries < 14; tries += 1) {
    const claimed = { "x-forwarded-for": `203.0.113.${tries}`, "x-podpass-peer": `token 203.0.113.${tries}` };
    statuses.push((await postPassword(request, { email, password: "wrong wrong" }, claimed)).status());
  }
  expect(statuses).toEqual([...Array(10).fill(401), ...Array(4).fill(429)]);
  const right = await postPassword(request, { email, password });
  expect(right.status()).toBe(429);
  const wait = Number(right.headers()["retry-after"]);
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(900);
});

test("a password counts only in a small form from our own page, with its CSRF token", async ({
  request,
  addMember,
}) => {
  const { email, password } = await addMember();
  const send = (data: string, headers: Record<string, string> = { "content-type": FORM }) =>
    request.post("/api/auth/callback/credentials", { data, headers, maxRedirects: 0 });
  expect((await send(`email=${email}&password=${password}`)).status()).toBe(403);
  expect((await send(`csrfToken=guess&email=${email}&password=${password}`)).status()).toBe(403);
  expect((await send("csrfToken=x", { "content-type": "text/plain" })).status()).toBe(415);
  expect((await send("{", { "content-type": "application/json" })).status()).toBe(400);
  expect((await postPassword(request, { email, password }, { origin: "https://evil.example" })).status()).toBe(403);
  expect((await postPassword(request, { email, password: "x".repeat(100_000) })).status()).toBe(400);
  expect((await postPassword(request, { email, password: "x".repeat(600_000) })).status()).toBe(413);
  expect(await sessionOf(request)).toEqual({});
});

test("each sign-in is a session of its own, and a cookie is dead after sign-out", async ({
  request,
  playwright,
  baseURL,
  addMember,
}) => {
  const member = await addMember();
  expect((await postPassword(request, member)).status()).toBe(200);
  const before = await request.storageState();
  const session = before.cookies.find(({ name }) => name.includes("podpass-session"));
  expect(session).toMatchObject({ httpOnly: true, sameSite: "Lax", path: "/" });
  expect(session?.value.length).toBeLessThan(1_000);

  expect((await postPassword(request, member)).status()).toBe(200);
  const replayed = await playwright.request.newContext({ baseURL, storageState: before });
  expect(await sessionOf(replayed)).toEqual({});
  const now = await request.storageState();
  expect(await sessionOf(request)).toMatchObject({ user: { email: member.email, role: "MEMBER" } });

  const { csrfToken } = await (await request.get("/api/auth/csrf")).json();
  await request.post("/api/auth/signout", { form: { csrfToken, json: "true" } });
  const signedOut = await playwright.request.newContext({ baseURL, storageState: now });
  expect(await sessionOf(signedOut)).toEqual({});
  const answer = await signedOut.get("/keys", { maxRedirects: 0 });
  expect([answer.status(), answer.headers().location]).toEqual([307, "/sign-in?callbackUrl=%2Fkeys"]);
  await Promise.all([replayed.dispose(), signedOut.dispose()]);
});

test("a disabled member is out with their next click", async ({ page, signIn, podpass }) => {
  const member = await signIn();
  await podpass(["member", "disable", member.email]);
  await page.goto("/keys");
  await expect(page).toHaveURL(/\/sign-in/);
  await page.getByLabel("E-mail").fill(member.email);
  await page.getByLabel("Password", { exact: true }).fill(member.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByText("E-mail or password is wrong.")).toBeVisible();
});

test("malformed credentials, cookies and addresses are no error of ours", async ({ request }) => {
  const bearer = { authorization: "Bearer %E0%A4%A" };
  for (const [path, headers] of [
    ["/keys", bearer],
    ["/api/auth/session", bearer],
    ["/api/auth/csrf", { cookie: "next-auth.callback-url=evil" }],
    ["/api/auth/signin?callbackUrl=evil", {}],
    ["/api/auth/callback/github?code=x", {}],
    ["/api/auth/constructor", {}],
    ["/reset/%00", {}],
  ] as const) {
    const answer = await request.get(path, { headers, maxRedirects: 0 });
    expect(answer.status(), path).toBeLessThan(500);
  }
  expect((await request.get("/api/auth/callback/credentials")).status()).toBe(405);
  for (const action of ["_log", "session"]) expect((await request.post(`/api/auth/${action}`)).status()).toBe(404);
});

test("every page has its headers, a nonce of its own, and is kept by nobody", async ({ page, request }) => {
  const nonces = new Set<string>();
  for (const path of ["/sign-in", "/sign-in", "/reset", "/invite/x", "/keys", "/no-such-page"]) {
    const headers = (await request.get(path, { maxRedirects: 0 })).headers();
    const policy = headers["content-security-policy"] ?? "";
    nonces.add(/'nonce-([^']+)'/.exec(policy)?.[1] ?? "");
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
    for (const rule of ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"])
      expect(policy).toContain(rule);
    expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "cross-origin-opener-policy": "same-origin" });
    expect(headers["cache-control"]).toContain("no-store");
    expect(headers).not.toHaveProperty("x-powered-by");
  }
  expect(nonces.size).toBe(6);

  const refused: string[] = [];
  page.on("console", (message) => message.type() === "error" && refused.push(message.text()));
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Show password" }).click();
  await expect(page.getByRole("button", { name: "Hide password" })).toBeVisible();
  expect(refused).toEqual([]);
});

test("signed in already, the sign-in page leads on", async ({ page, signIn }) => {
  const member = await signIn();
  await page.goto("/sign-in?callbackUrl=/usage");
  await expect(page).toHaveURL(/\/usage/);
  await page.context().clearCookies();
  await signInOn(page, member);
});
