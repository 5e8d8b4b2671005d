import { expect, test } from "vitest";
import { isGatewayPath, matchRoute, ROUTES } from "./routes";

test("every route is found by its own spelling, and by no other", () => {
  for (const route of ROUTES) {
    expect(matchRoute(route.method, route.path)?.route).toBe(route);
    const others = [
      `${route.path}/`,
      `/${route.path}`,
      route.path.toUpperCase(),
      `${route.path}%20`,
      `${route.path};a`,
      `/.${route.path}`,
    ];
    for (const path of others) expect(matchRoute(route.method, path), path).toBeNull();
    const other = route.method === "GET" ? "POST" : "GET";
    expect(matchRoute(other, route.path)).toBeNull();
  }
});

test.each([
  "/load",
  "/invocations",
  "/pooling",
  "/score",
  "/pause",
  "/update_weights",
  "/v1/load_lora_adapter",
  "/metrics",
  "/v2/rerank",
  "/v1/chat/completions/batch",
  "/v1/responses/resp_1/cancel",
])("vLLM's %s is not ours", (path) => {
  expect([matchRoute("POST", path), matchRoute("GET", path)]).toEqual([null, null]);
});

test("a model is named by its id, decoded once and never sent on", () => {
  expect(matchRoute("GET", "/v1/models/org%2Fmodel")).toMatchObject({
    modelId: "org/model",
    route: { path: "/v1/models/{id}" },
  });
  for (const path of ["/v1/models/", "/v1/models/%E0%A4%A", `/v1/models/${"x".repeat(300)}`])
    expect(matchRoute("GET", path)).toBeNull();
});

test("vLLM's other routes are the gateway's to refuse; the dashboard's are not", () => {
  expect(["/load", "/score", "/v2/embed", "/reset_prefix_cache", "/inference/v1/generate"].every(isGatewayPath)).toBe(
    true,
  );
  expect(
    ["/keys", "/usage", "/loads", "/setup", "/versions", "/api/auth/session", "/metrics"].some(isGatewayPath),
  ).toBe(false);
});

test("unknown paths under /v1 are the gateway's to refuse", () => {
  expect(["/v1", "/v1/nope", "/health", "/v10", "/healthz", "/"].map(isGatewayPath)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
