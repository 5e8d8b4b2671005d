import { expect, test } from "vitest";
import { type Comparison, causesOf } from "./cause";
import { readCounters } from "./reading";

test("counters are summed over engines and models, and a text without them has none", () => {
  const text = `# HELP vllm:prompt_tokens_total Number of prefill tokens processed.
# TYPE vllm:prompt_tokens_total counter
vllm:prompt_tokens_total{engine="0",model_name="a"} 120.0
vllm:prompt_tokens_total{engine="1",model_name="a"} 1.5e+06
vllm:prompt_tokens_cached_total{engine="0",model_name="a"} 99.0
vllm:prompt_tokens_created{engine="0",model_name="a"} 1.79e+09
vllm:generation_tokens_total{engine="0",model_name="a"} 7.0
vllm:generation_tokens_total{engine="1",model_name="a"} NaN
`;
  expect(readCounters(text)).toEqual({ promptTokens: 1_500_120, completionTokens: 7 });
  expect(readCounters("<html>no metrics here</html>")).toBeNull();
  expect(readCounters("vllm:prompt_tokens_total 3")).toBeNull();
});

const even: Comparison = {
  counted: { promptTokens: 100_000, completionTokens: 50_000 },
  recorded: { promptTokens: 100_000, completionTokens: 50_000 },
  requests: 150,
  running: 0,
  uncounted: 0,
  estimated: 0,
  restarts: 0,
};
const more = (prompt: number, completion: number) => ({
  counted: { promptTokens: 100_000 + prompt, completionTokens: 50_000 + completion },
});

test.each<[string, Partial<Comparison>, string[]]>([
  ["they agree", {}, []],
  ["a trial call is no difference", more(10, 1), []],
  ["nothing else explains it", more(4_000, 3_000), ["around"]],
  ["a call is still running", { ...more(500, 900), running: 1 }, ["running"]],
  ["far more than the running call can hold", { ...more(40_000, 30_000), running: 1 }, ["around", "running"]],
  ["a call ended without a count", { ...more(900, 300), uncounted: 1 }, ["uncounted"]],
  ["prompts alone were counted several times", more(30_000, 0), ["answers"]],
  ["the pod started anew", { ...more(-900, -400), restarts: 1 }, ["restarted"]],
  ["estimates were too high", { ...more(-900, -400), estimated: 3 }, ["estimated"]],
  ["several servers share an address", more(-50_000, -25_000), ["shared_address"]],
])("%s", (_, change, causes) => expect(causesOf({ ...even, ...change })).toEqual(causes));
