import fc from "fast-check";
import { expect, test } from "vitest";
import { readGauges } from "./gauges";

test("the load is summed over a pod's engines, and its cache is as full as the fullest of them", () => {
  const text = `# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="llama"} 3.0
vllm:num_requests_running{engine="1",model_name="llama"} 4.0
vllm:num_requests_waiting{engine="0",model_name="llama"} 0.0
vllm:num_requests_waiting{engine="1",model_name="llama"} 5.0
vllm:kv_cache_usage_perc{engine="0",model_name="llama"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="llama"} 0.75
vllm:generation_tokens_total{engine="0",model_name="llama"} 1.2e+03
vllm:generation_tokens_created{engine="0",model_name="llama"} 1.7e+09
vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 9.0
`;
  expect(readGauges(text)).toEqual({ running: 7, waiting: 5, kvCacheUsage: 0.75, generatedTokens: 1_200 });
});

test("the name the cache's gauge had before is read as well", () => {
  const text = "vllm:num_requests_running 1\nvllm:num_requests_waiting 0\nvllm:gpu_cache_usage_perc 0.5\n";
  expect(readGauges(text)).toMatchObject({ kvCacheUsage: 0.5, generatedTokens: null });
});

test("whatever a pod writes there, a reading fits its columns or is none", () => {
  const value = fc.oneof(fc.double(), fc.string(), fc.constantFrom("NaN", "+Inf", "-1", "1e308"));
  const name = fc.constantFrom("num_requests_running", "num_requests_waiting", "kv_cache_usage_perc");
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (lines) => {
      const found = readGauges(lines.map((line) => `vllm:${line[0]}{engine="0"} ${line[1]}`).join("\n"));
      if (found === null) return;
      expect(Number.isInteger(found.running) && found.running >= 0 && found.running <= 1_000_000).toBe(true);
      expect(Number.isInteger(found.waiting) && found.waiting >= 0 && found.waiting <= 1_000_000).toBe(true);
      expect(found.kvCacheUsage === null || (found.kvCacheUsage >= 0 && found.kvCacheUsage <= 1)).toBe(true);
    }),
  );
});
