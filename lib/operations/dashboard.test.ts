import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { gatewayFigures } from "./gateway-figures";
import { createRequestMetrics } from "./request-metrics";

const state = {
  streams: 0,
  waiting: 0,
  pods: [{ name: "a", state: "serving" }],
  cache: { hits: 0, absentHits: 0, misses: 0 },
  recorder: { journalBytes: 0 },
  limits: { isRedisAway: false, areLimitsShared: true },
  credentials: { sources: 0, heldBack: 0 },
};
const figures = [...createRequestMetrics().figures(), ...gatewayFigures(state)];
const names = new Set(
  figures.flatMap(({ name, type }) =>
    type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);
/** What Prometheus adds by itself. */
const OWN_NAMES = ["up"];
const LABELS = "route model outcome status_class direction pod result code version le job instance".split(" ");

const fileOf = (name: string) => readFileSync(new URL(`../../deploy/${name}`, import.meta.url), "utf8");
const dashboard = JSON.parse(fileOf("grafana-dashboard.json"));
const alerts = fileOf("prometheus-alerts.yml");
const panels = dashboard.panels as { id: number; title: string; targets: { expr: string }[] }[];
const queries = [
  ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...dashboard.templating.list.flatMap(({ definition }: { definition?: string }) => definition ?? []),
  ...[...alerts.matchAll(/^\s+expr: (.+)$/gm)].map(([, expr]) => expr ?? ""),
];

const namesIn = (query: string) => query.match(/\b(?:podpass|process)_\w+/g) ?? [];

test("the metrics have the names that are promised", () => {
  expect(figures.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      "podpass_requests_total",
      "podpass_request_duration_seconds",
      "podpass_time_to_first_token_seconds",
      "podpass_overhead_seconds",
      "podpass_tokens_total",
      "podpass_streams_active",
      "podpass_queue_depth",
      "podpass_pod_up",
      "podpass_journal_bytes",
      "podpass_auth_cache_total",
      "podpass_build_info",
    ]),
  );
  for (const { name, help, type } of figures) {
    expect(name).toMatch(/^(podpass|process)_[a-z_]+$/);
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    expect(help).toMatch(/^.+\.$/);
  }
});

test("dashboard and alerts ask for nothing that does not exist", () => {
  expect(queries.length).toBeGreaterThan(25);
  for (const query of queries) {
    const asked = namesIn(query);
    expect(asked.length > 0 || OWN_NAMES.some((name) => query.startsWith(name)), query).toBe(true);
    for (const name of asked) expect(names, query).toContain(name);
  }
});

test("they group and filter by labels that exist", () => {
  for (const query of queries) {
    const grouped = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list]) => list?.split(",") ?? []);
    const filtered = [...query.matchAll(/(\w+)(?:=~|!=|=)"/g)].map(([, label]) => label ?? "");
    for (const label of [...grouped, ...filtered]) expect(LABELS, query).toContain(label.trim());
  }
});

test("every metric of Podpass is on the dashboard", () => {
  const shown = new Set(panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => namesIn(expr))));
  const missing = figures
    .map(({ name, type }) => (type === "histogram" ? `${name}_bucket` : name))
    .filter((name) => name.startsWith("podpass_") && !shown.has(name));
  expect(missing).toEqual([]);
});

test("the dashboard's panels have ids and titles of their own, and fill rows of 24 columns", () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
});
