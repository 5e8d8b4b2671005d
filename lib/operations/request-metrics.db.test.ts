import OpenAI from "openai";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Simulator, startSimulator } from "@/pod/simulator/simulator";
import { startGatewayRig } from "@/test/rig/gateway";
import { gatewayFigures } from "./gateway-figures";
import { createRequestMetrics } from "./request-metrics";

const MODEL = "simulated-llama-8b";
const metrics = createRequestMetrics();
let pod: Simulator;
let rig: Awaited<ReturnType<typeof startGatewayRig>>;

beforeAll(async () => {
  // Slow enough that no stall of the machine hides a whole stream from whoever looks at each of its events.
  pod = await startSimulator({ keys: ["pod-key"], models: [MODEL], tokensPerSecond: 6, ttftMs: 20 });
  rig = await startGatewayRig("node", pod.url, "pod-key", [MODEL], metrics.observe);
});

afterAll(async () => {
  await rig?.stop();
  await pod?.close();
});

const figures = () => [...metrics.figures(), ...gatewayFigures(rig.gateway.stats())];
const samplesOf = (name: string) => figures().find((figure) => figure.name === name)?.values ?? [];

/** What a metric's numbers with these labels come to. */
function sumOf(name: string, labels: Record<string, string> = {}, metricName?: string) {
  return samplesOf(name)
    .filter((sample) => sample.metricName === metricName)
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

test("a stream is seen while it runs, and counted with the tokens that its client was told", async () => {
  const { secret } = await rig.issueKey();
  const openai = new OpenAI({ apiKey: secret, baseURL: `${rig.url}/v1`, maxRetries: 0 });
  const stream = await openai.chat.completions.create({
    model: MODEL,
    messages: [{ role: "user", content: "Say something about rivers." }],
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 40,
  });
  let told = 0;
  let mostStreams = 0;
  for await (const { usage } of stream) {
    mostStreams = Math.max(mostStreams, sumOf("podpass_streams_active"));
    told = usage?.completion_tokens ?? told;
  }
  const labels = { route: "/v1/chat/completions", model: MODEL, outcome: "completed", status_class: "2xx" };
  await vi.waitFor(() => expect(sumOf("podpass_requests_total", labels)).toBe(1), 30_000);
  expect(mostStreams).toBe(1);
  expect(sumOf("podpass_streams_active")).toBe(0);
  expect(told).toBeGreaterThan(0);
  expect(sumOf("podpass_tokens_total", { model: MODEL, direction: "output" })).toBe(told);
  const firstToken = "podpass_time_to_first_token_seconds";
  expect(sumOf(firstToken, { model: MODEL }, `${firstToken}_count`)).toBe(1);
  expect(sumOf(firstToken, { model: MODEL }, `${firstToken}_sum`)).toBeGreaterThan(0.015);
  expect(sumOf("podpass_overhead_seconds", {}, "podpass_overhead_seconds_count")).toBe(1);
  expect(sumOf("podpass_pod_up")).toBe(1);
});

test("a model that nobody serves and a key that nobody has are counted without their names", async () => {
  const { secret } = await rig.issueKey();
  const ask = (authorization: string) =>
    fetch(`${rig.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({ model: "invented-by-a-client", messages: [{ role: "user", content: "Hello" }] }),
    });
  expect((await ask(`Bearer ${secret}`)).status).toBe(404);
  expect((await ask("Bearer sk-vllm-invented")).status).toBe(401);
  const labels = { route: "/v1/chat/completions", model: "other", outcome: "rejected", status_class: "4xx" };
  expect(sumOf("podpass_requests_total", labels)).toBe(2);
  expect(sumOf("podpass_failed_credentials_total", { code: "invalid_api_key" })).toBe(1);
  expect(JSON.stringify(figures())).not.toContain("invented");
});
