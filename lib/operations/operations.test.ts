import { expect, test } from "vitest";
import { createOperations, isOperationsPath, type OperationsRequest } from "./operations";

const TOKEN = "a-token-of-some-length";

type Given = Partial<OperationsRequest> & { reasons?: readonly string[]; token?: string | undefined };

function ask({ reasons = [], token, ...request }: Given) {
  const answer = createOperations({
    unreadiness: async () => reasons,
    exposition: async () => ({ text: "podpass_build_info 1\n", contentType: "text/plain; version=0.0.4" }),
    metricsToken: token,
    publicUrl: "https://podpass.example.org",
    newId: () => "019a0000-0000-7000-8000-000000000000",
  });
  return answer({ method: "GET", path: "/healthz", headers: {}, peerIp: "203.0.113.9", ...request });
}

const scrape = (given: Given) => ask({ path: "/metrics", ...given });

test("the process lives, whatever the database does", async () => {
  const { status, headers, body } = await ask({ reasons: ["the database cannot be reached"] });
  expect(status).toBe(200);
  expect(body.toString()).toBe('{"status":"ok"}');
  expect(headers).toMatchObject({ "cache-control": "no-store", "x-request-id": expect.any(String) });
});

test("readiness says 503 with every reason, and 200 without one", async () => {
  expect(await ask({ path: "/readyz" })).toMatchObject({ status: 200 });
  const { status, body } = await ask({ path: "/readyz", reasons: ["one", "two"] });
  expect(status).toBe(503);
  expect(JSON.parse(body.toString())).toEqual({ status: "unavailable", reasons: ["one", "two"] });
});

test.each(["/healthz", "/readyz", "/metrics", "/openapi.json"])("%s is read, and nothing else", async (path) => {
  const headers = { authorization: [`Bearer ${TOKEN}`] };
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"]) {
    const refused = await ask({ path, method, headers, token: TOKEN });
    expect(refused).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    expect(JSON.parse(refused.body.toString()).error.code).toBe("method_not_allowed");
  }
  const got = await ask({ path, headers, token: TOKEN });
  const head = await ask({ path, method: "HEAD", headers, token: TOKEN });
  expect(head).toEqual({ ...got, body: Buffer.alloc(0) });
});

test.each(["/healthz/", "/Healthz", "/metrics/x", "/openapi", "//readyz", "/v1/models", "/"])(
  "%s is somebody else's",
  (path) => expect(isOperationsPath(path)).toBe(false),
);

test.each<[string, Given]>([
  ["the token", { token: TOKEN, headers: { authorization: [`Bearer ${TOKEN}`] } }],
  ["the token through a proxy", { token: TOKEN, headers: { authorization: [`bearer ${TOKEN}`], via: ["1.1 proxy"] } }],
  ["this machine", { peerIp: "127.0.0.1" }],
  ["this machine by IPv6", { peerIp: "::1" }],
  ["this machine by IPv4 inside IPv6", { peerIp: "::ffff:127.0.0.1" }],
  ["this machine, where there is a token too", { peerIp: "127.0.0.1", token: TOKEN }],
])("figures are for %s", async (_, given) => {
  expect(await scrape(given)).toMatchObject({ status: 200, headers: { "cache-control": "no-store" } });
});

test.each<[string, Given]>([
  ["a stranger", {}],
  ["a peer nobody knows", { peerIp: null }],
  ["a wrong token", { token: TOKEN, headers: { authorization: ["Bearer another-token"] } }],
  ["a token where none is set", { headers: { authorization: [`Bearer ${TOKEN}`] } }],
  ["a wrong token from this machine", { token: TOKEN, peerIp: "127.0.0.1", headers: { authorization: ["Bearer x"] } }],
  ["two tokens", { token: TOKEN, headers: { authorization: [`Bearer ${TOKEN}`, `Bearer ${TOKEN}`] } }],
  ["two tokens in one line", { token: TOKEN, headers: { authorization: [`Bearer ${TOKEN}, Bearer ${TOKEN}`] } }],
  ["the token as a password", { token: TOKEN, headers: { authorization: [`Basic ${TOKEN}`] } }],
  ...["x-forwarded-for", "x-forwarded-proto", "forwarded", "via", "x-real-ip", "cf-connecting-ip"].map(
    (name): [string, Given] => [
      `a proxy of this machine (${name})`,
      { peerIp: "127.0.0.1", headers: { [name]: ["127.0.0.1"] } },
    ],
  ),
])("to %s there are no figures", async (_, given) => {
  for (const method of ["GET", "HEAD", "POST"]) {
    const { status, body } = await scrape({ ...given, method });
    expect(status).toBe(404);
    expect(body.toString()).not.toContain("podpass_");
  }
});

test("the description is kept by caches until it changes", async () => {
  const path = "/openapi.json";
  const { headers, body } = await ask({ path });
  expect(headers["cache-control"]).toBe("public, max-age=300");
  expect(JSON.parse(body.toString()).openapi).toBe("3.1.0");
  const etag = headers.etag ?? "";
  for (const tags of [etag, `W/${etag}`, `"older", ${etag}`, "*"]) {
    const unchanged = await ask({ path, headers: { "if-none-match": [tags] } });
    expect(unchanged).toMatchObject({ status: 304, headers: { etag } });
    expect(unchanged.body).toHaveLength(0);
  }
  expect(await ask({ path, headers: { "if-none-match": ['"older"'] } })).toMatchObject({ status: 200 });
});
