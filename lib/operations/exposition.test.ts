import { expect, test } from "vitest";
import { addUp, expose } from "./exposition";
import { counter, gauge, histogram } from "./figures";
import { Histogram } from "./histogram";

const durations = (ms: number) => {
  const table = new Histogram([0.1, 1]);
  table.observe(0, ms);
  return histogram(
    "took_seconds",
    "How long.",
    table.samples("took_seconds", () => ({})),
  );
};

const worker = (requests: number, ms: number) => [
  counter("requests_total", "How many.", [{ labels: { model: 'a"b\n' }, value: requests }]),
  gauge("streams", "How many now.", requests),
  gauge("pod_up", "Whether.", [{ labels: { pod: "a" }, value: requests > 1 ? 1 : 0 }], "max"),
  gauge("started_at", "When.", ms, "min"),
  durations(ms),
];

test("the figures of several processes are one text that Prometheus reads", async () => {
  const { text, contentType } = await expose([worker(1, 50), worker(2, 500)]);
  expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(text.split("\n").filter((line) => line !== "")).toEqual([
    "# HELP requests_total How many.",
    "# TYPE requests_total counter",
    'requests_total{model="a\\"b\\n"} 3',
    "# HELP streams How many now.",
    "# TYPE streams gauge",
    "streams 3",
    "# HELP pod_up Whether.",
    "# TYPE pod_up gauge",
    'pod_up{pod="a"} 1',
    "# HELP started_at When.",
    "# TYPE started_at gauge",
    "started_at 50",
    "# HELP took_seconds How long.",
    "# TYPE took_seconds histogram",
    'took_seconds_bucket{le="0.1"} 1',
    'took_seconds_bucket{le="1"} 2',
    'took_seconds_bucket{le="+Inf"} 2',
    "took_seconds_sum 0.55",
    "took_seconds_count 2",
  ]);
});

test("figures that were added up can be added up again, after a journey as JSON", async () => {
  const sum = JSON.parse(JSON.stringify(await addUp([worker(1, 50), worker(2, 500)])));
  const { text } = await expose([sum, worker(4, 5_000)]);
  expect(text).toContain('requests_total{model="a\\"b\\n"} 7');
  expect(text).toContain('took_seconds_bucket{le="+Inf"} 3');
  expect(text).toContain("took_seconds_sum 5.55");
});

test("what is no duration is left out", () => {
  const table = new Histogram([1]);
  for (const ms of [Number.NaN, -1, 2_000]) table.observe(0, ms);
  expect(table.samples("x", () => ({})).map(({ value }) => value)).toEqual([0, 1, 2, 1]);
});
