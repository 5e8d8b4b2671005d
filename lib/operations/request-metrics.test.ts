import { expect, test } from "vitest";
import { AppError, type ErrorCode } from "@/lib/errors";
import { Attempt, type Ending } from "@/lib/gateway/attempt";
import type { LogLine } from "@/lib/gateway/gateway";
import { matchRoute } from "@/lib/gateway/routes";
import { liveFacts } from "@/test/fixtures/caller-facts";
import type { Figure } from "./figures";
import { createRequestMetrics } from "./request-metrics";

const caller = liveFacts();

/** The end of a request that was let in; asked, first token and end at 2, 30 and 500 ms after its arrival. */
function ended(given: { model?: string | null; ending?: Partial<Ending> } = {}): LogLine {
  const route = matchRoute("POST", "/v1/chat/completions")?.route;
  if (route === undefined) throw new Error("no such route");
  const attempt = new Attempt("id", 0, 1_000, route, caller);
  attempt.askedAt = 1_002;
  attempt.firstTokenAt = 1_030;
  const tokens = { prompt: 10, cached: 4, completion: 5, source: "measured" } as const;
  const ending: Ending = { outcome: "completed", status: 200, tokens, errorCode: null, ...given.ending };
  const event = { ...attempt.ending(ending, 1_500), model: given.model === undefined ? "llama" : given.model };
  return { requestId: "id", path: route.path, status: event.status, attempt, event, error: null };
}

function refused(code: ErrorCode, path = "/v1/chat/completions"): LogLine {
  const error = new AppError(code, "no");
  return { requestId: "id", path, status: error.answer.status, attempt: null, event: null, error };
}

const metricsOf = (lines: LogLine[]) => {
  const metrics = createRequestMetrics(() => 1_500);
  for (const line of lines) metrics.observe(line);
  return metrics.figures();
};

const valuesOf = (figures: Figure[], name: string) => figures.find((figure) => figure.name === name)?.values ?? [];

test("a request is counted under its route, model, outcome and class of status, with its tokens and times", () => {
  const figures = metricsOf([ended(), ended()]);
  const labels = { route: "/v1/chat/completions", model: "llama", outcome: "completed", status_class: "2xx" };
  expect(valuesOf(figures, "podpass_requests_total")).toEqual([{ labels, value: 2 }]);
  expect(valuesOf(figures, "podpass_tokens_total").filter(({ value }) => value > 0)).toEqual([
    { labels: { model: "llama", direction: "input" }, value: 20 },
    { labels: { model: "llama", direction: "output" }, value: 10 },
  ]);
  const sums = figures.flatMap(({ values }) => values.filter(({ metricName }) => metricName?.endsWith("_sum")));
  const seconds = Object.fromEntries(sums.map(({ metricName, value }) => [metricName, Math.round(value * 1e6) / 1e6]));
  expect(seconds).toEqual({
    podpass_request_duration_seconds_sum: 1,
    podpass_time_to_first_token_seconds_sum: 0.056,
    podpass_overhead_seconds_sum: 0.004,
  });
});

test.each([
  [
    { outcome: "client_closed", status: null },
    { outcome: "client_closed", status_class: "none" },
  ],
  [
    { outcome: "upstream_error", status: 502 },
    { outcome: "upstream_error", status_class: "5xx" },
  ],
  [
    { outcome: "timeout", status: 504 },
    { outcome: "timeout", status_class: "5xx" },
  ],
  [
    { outcome: "rejected", status: 429 },
    { outcome: "rejected", status_class: "4xx" },
  ],
] as const)("an ending %o is counted as %o", (ending, labels) => {
  const [only, ...others] = valuesOf(metricsOf([ended({ ending })]), "podpass_requests_total");
  expect(others).toEqual([]);
  expect(only).toMatchObject({ labels, value: 1 });
});

test("buckets are cumulative and end in all", () => {
  const buckets = valuesOf(metricsOf([ended()]), "podpass_request_duration_seconds").filter(({ labels }) => labels.le);
  expect(buckets.filter(({ value }) => value === 1).map(({ labels }) => labels.le)).toEqual([
    0.5,
    1,
    2.5,
    5,
    10,
    30,
    60,
    120,
    300,
    600,
    "+Inf",
  ]);
});

test("a refused credential is counted by its code and by nothing of whoever sent it", () => {
  const figures = metricsOf([refused("invalid_api_key"), refused("key_expired"), refused("not_found", "/v1/secret")]);
  const counted = valuesOf(figures, "podpass_failed_credentials_total").filter(({ value }) => value > 0);
  expect(counted).toEqual([
    { labels: { code: "invalid_api_key" }, value: 1 },
    { labels: { code: "key_expired" }, value: 1 },
  ]);
  expect(JSON.stringify(figures)).not.toContain("secret");
});

test("whatever strangers write into paths, they add one route and no more", () => {
  const lines = Array.from({ length: 5_000 }, (_, i) => refused("not_found", `/v1/${"x".repeat(i % 90)}${i}`));
  const values = valuesOf(
    metricsOf([...lines, refused("invalid_api_key", "/v1/models/some/model")]),
    "podpass_requests_total",
  );
  expect(values.map(({ labels }) => labels.route)).toEqual(["other", "/v1/models/{id}"]);
});

test("models that no pod serves share one label, and so do those beyond the hundredth", () => {
  const models = Array.from({ length: 5_000 }, (_, i) => ended({ model: `model-${i}` }));
  const figures = metricsOf([ended({ model: null }), ...models, ...models]);
  const labels = new Set(valuesOf(figures, "podpass_requests_total").map(({ labels }) => labels.model));
  expect(labels.size).toBe(101);
  expect(valuesOf(figures, "podpass_requests_total")[0]).toMatchObject({
    labels: { model: "other" },
    value: 1 + 2 * 4_900,
  });
});

test("no label names a person, a key or a request", () => {
  const text = JSON.stringify(metricsOf([ended(), refused("key_revoked")]));
  for (const value of [caller.keyId, caller.secretId, caller.memberId, caller.keyName]) {
    expect(text).not.toContain(`"${value}"`);
  }
});
