/** A Prometheus histogram over fixed upper bounds. */
export class Histogram {
  private readonly bounds: readonly number[];
  private readonly counts: number[];
  private sum = 0;
  private count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = bounds.map(() => 0);
  }

  observe(value: number) {
    this.sum += value;
    this.count += 1;
    const at = this.bounds.findIndex((bound) => value <= bound);
    if (at >= 0) this.counts[at] = (this.counts[at] ?? 0) + 1;
  }

  render(name: string, help: string, model: string): string {
    let running = 0;
    const buckets = this.bounds.map((bound, at) => {
      running += this.counts[at] ?? 0;
      return `${name}_bucket{engine="0",le="${decimal(bound)}",${model}} ${decimal(running)}\n`;
    });
    return (
      `# HELP ${name} ${help}\n# TYPE ${name} histogram\n${buckets.join("")}` +
      `${name}_bucket{engine="0",le="+Inf",${model}} ${decimal(this.count)}\n` +
      `${name}_count{engine="0",${model}} ${decimal(this.count)}\n${name}_sum{engine="0",${model}} ${decimal(this.sum)}\n`
    );
  }
}

const TTFT_SECONDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
];
const PER_TOKEN_SECONDS = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
];
const REQUEST_SECONDS = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];

/** What holds now, not since the start. */
export type Gauges = { running: number; waiting: number; kvCacheUsage: number };

/** The counters and histograms of vLLM that matter here, under its names. */
export class PodMetrics {
  promptTokens = 0;
  cachedTokens = 0;
  generationTokens = 0;
  rejections = 0;
  readonly finished: Record<string, number> = { stop: 0, length: 0, abort: 0, error: 0, repetition: 0 };
  readonly ttft = new Histogram(TTFT_SECONDS);
  readonly perToken = new Histogram(PER_TOKEN_SECONDS);
  readonly endToEnd = new Histogram(REQUEST_SECONDS);
  readonly queueTime = new Histogram(REQUEST_SECONDS);
  private readonly startedAt = Date.now() / 1000;

  render(name: string, { running, waiting, kvCacheUsage }: Gauges): string {
    const model = `model_name=${JSON.stringify(name)}`;
    const engine = `engine="0",${model}`;
    const gauge = (metric: string, help: string, value: number) => family(metric, help, "gauge", { [engine]: value });
    const counter = (metric: string, help: string, values: Record<string, number>) =>
      family(`${metric}_total`, help, "counter", values) +
      family(`${metric}_created`, help, "gauge", mapValues(values, this.startedAt));
    const one = (value: number) => ({ [engine]: value });
    const reasons = Object.fromEntries(
      Object.entries(this.finished).map(([reason, count]) => [
        `engine="0",finished_reason="${reason}",${model}`,
        count,
      ]),
    );
    const rejections = { [`${model},reason="max_num_queued_reqs"`]: this.rejections };
    return [
      gauge("vllm:num_requests_running", "Number of requests in model execution batches.", running),
      gauge("vllm:num_requests_waiting", "Number of requests waiting to be processed.", waiting),
      gauge("vllm:kv_cache_usage_perc", "KV-cache usage. 1 means 100 percent usage.", kvCacheUsage),
      counter(
        "vllm:prefix_cache_queries",
        "Prefix cache queries, in number of queried tokens.",
        one(this.promptTokens),
      ),
      counter("vllm:prefix_cache_hits", "Prefix cache hits, in number of cached tokens.", one(this.cachedTokens)),
      counter("vllm:num_preemptions", "Cumulative number of preemption from the engine.", one(0)),
      counter("vllm:prompt_tokens", "Number of prefill tokens processed.", one(this.promptTokens)),
      counter("vllm:prompt_tokens_cached", "Number of cached prompt tokens.", one(this.cachedTokens)),
      counter("vllm:generation_tokens", "Number of generation tokens processed.", one(this.generationTokens)),
      counter("vllm:request_success", "Count of successfully processed requests.", reasons),
      counter("vllm:admission_rejections", "Number of admission attempts rejected by a queue limit.", rejections),
      this.ttft.render("vllm:time_to_first_token_seconds", "Histogram of time to first token in seconds.", model),
      this.perToken.render("vllm:inter_token_latency_seconds", "Histogram of inter-token latency in seconds.", model),
      this.endToEnd.render("vllm:e2e_request_latency_seconds", "Histogram of e2e request latency in seconds.", model),
      this.queueTime.render("vllm:request_queue_time_seconds", "Histogram of time spent waiting for a request.", model),
    ].join("");
  }
}

function family(name: string, help: string, type: string, values: Readonly<Record<string, number>>): string {
  const lines = Object.entries(values).map(([labels, value]) => `${name}{${labels}} ${decimal(value)}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

const mapValues = (values: Readonly<Record<string, number>>, value: number) =>
  Object.fromEntries(Object.keys(values).map((key) => [key, value]));

/** Python's way of writing a float: whole numbers keep their `.0`. */
const decimal = (value: number) => (Number.isInteger(value) ? `${value}.0` : String(value));
