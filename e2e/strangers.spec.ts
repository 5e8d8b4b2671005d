import type { APIRequestContext } from "@playwright/test";
import { addresses, dashboardActions } from "./app-tree";
import { expect, test } from "./fixtures";

/** What anybody on this machine may ask without a key: each says nothing about members, keys or usage. */
const OPEN = ["/healthz", "/readyz", "/openapi.json", "/metrics", "/api/auth", "/report"];
const isOpen = (path: string) => OPEN.some((open) => path === open || path.startsWith(`${open}/`));

/** Sends an action as a page's own script would; `origin` is where that page claims to come from. */
function send(request: APIRequestContext, id: string, origin: string) {
  return request.post("/keys", {
    headers: { "next-action": id, origin, accept: "text/x-component", "content-type": "text/plain;charset=UTF-8" },
    data: "[null,{}]",
    maxRedirects: 0,
  });
}

test("every page behind sign-in sends a stranger there, and back to itself afterwards", async ({ request }) => {
  const pages = addresses().filter(({ isForMembers }) => isForMembers);
  expect(pages.length).toBeGreaterThan(6);
  for (const { path, file } of pages) {
    const answer = await request.get(path, { maxRedirects: 0 });
    expect([answer.status(), answer.headers().location], file).toEqual([
      307,
      `/sign-in?callbackUrl=${encodeURIComponent(path)}`,
    ]);
    expect(await answer.text(), file).not.toMatch(/sk-vllm-|@example\.com/);
  }
});

test("a cookie that nobody signed is no way in", async ({ request, baseURL }) => {
  const name = `podpass-session-${new URL(baseURL ?? "").port}`;
  for (const { path, file } of addresses().filter(({ isForMembers }) => isForMembers)) {
    const answer = await request.get(path, {
      headers: { cookie: `${name}=made.up.token` },
      maxRedirects: 0,
    });
    expect(answer.status(), file).toBe(307);
    expect(answer.headers().location, file).toMatch(/^(https?:\/\/[^/]+)?\/sign-in/);
  }
});

test("every route of the API wants a key, and says so in the shape that clients read", async ({ request }) => {
  const routes = addresses().filter(
    ({ kind, path, isForMembers }) => kind === "route" && !isForMembers && !isOpen(path),
  );
  expect(routes.length).toBeGreaterThan(12);
  for (const { path, file } of routes) {
    for (const method of ["GET", "POST"]) {
      for (const authorization of [undefined, "Bearer sk-vllm-0000000000000000000000000000000000000000"]) {
        const answer = await request.fetch(path, {
          method,
          headers: authorization === undefined ? {} : { authorization },
          ...(method === "POST" && { data: { model: "simulated-llama-8b", messages: [] } }),
        });
        const label = `${method} ${file}`;
        // A path that takes the other method may say that first; no path answers.
        expect([401, 404, 405], label).toContain(answer.status());
        expect(await answer.json(), label).toMatchObject({ error: expect.anything() });
      }
    }
  }
});

test("every server action refuses a stranger", async ({ request, baseURL }) => {
  // Signing out is everybody's: without a session it does nothing.
  const actions = dashboardActions().filter(({ name }) => name !== "signOutAction");
  expect(actions.length).toBeGreaterThan(8);
  for (const { id, name, file } of actions) {
    const answer = await send(request, id, baseURL ?? "");
    const body = await answer.text();
    const isRefused = answer.status() >= 300 || /"ok":false/.test(body);
    expect(isRefused, `${name} in ${file}: ${answer.status()} ${body.slice(0, 200)}`).toBe(true);
    expect(body, name).not.toContain('"ok":true');
  }
});

test("a member's own browser refuses every action that another site's page sends", async ({ page, signIn }) => {
  await signIn();
  for (const { id, name } of dashboardActions()) {
    const answer = await send(page.request, id, "https://evil.example");
    const body = await answer.text();
    expect(answer.status() >= 300 || /"ok":false/.test(body), `${name}: ${answer.status()}`).toBe(true);
    expect(body, name).not.toContain('"ok":true');
  }
});

test("a member who is no admin gets no action that is an admin's", async ({ page, signIn, baseURL }) => {
  await signIn();
  const forAdmins = dashboardActions().filter(({ file }) => /\/(team|pods)\//.test(file));
  for (const { id, name } of forAdmins) {
    const body = await (await send(page.request, id, baseURL ?? "")).text();
    expect(body, name).not.toContain('"ok":true');
  }
});

test("addresses with somebody else's ids show nothing of theirs", async ({ page, signIn, addMember, issueKey }) => {
  const other = await addMember();
  const theirs = await issueKey(other, { name: "a name nobody else has" });
  await signIn();
  for (const path of [
    ...addresses().flatMap(({ path, isForMembers }) => (isForMembers ? [path] : [])),
    `/keys/${theirs.id}`,
    `/keys?q=${theirs.hint.slice(8, 12)}&status=all`,
    `/usage?key=${theirs.id}&range=1h`,
    `/requests?key=${theirs.id}`,
    `/requests/export?key=${theirs.id}`,
    "/keys?member=everyone&status=all",
  ]) {
    const text = await (await page.request.get(path)).text();
    expect(text, path).not.toContain("a name nobody else has");
    expect(text, path).not.toContain(other.email);
  }
});
