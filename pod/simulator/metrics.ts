type Labels = string;

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

  render(name: string, help: string, labels: Labels): string {
    let running = 0;
    const buckets = this.bounds.map((bound, at) => {
      running += this.counts[at] ?? 0;
      return `${name}_bucket{${labels},le="${decimal(bound)}"} ${decimal(running)}\n`;
    });
    return (
      `# HELP ${name} ${help}\n# TYPE ${name} histogram\n${buckets.join("")}` +
      `${name}_bucket{${labels},le="+Inf"} ${decimal(this.count)}\n` +
      `${name}_count{${labels}} ${decimal(this.count)}\n${name}_sum{${labels}} ${this.sum}\n`
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

/** Values in between two scrapes. */
export type Gauges = { running: number; waiting: number; kvCacheUsage: number };

/** The counters and histograms vLLM exposes, under its names. */
export class PodMetrics {
  promptTokens = 0;
  generationTokens = 0;
  prefixCacheQueries = 0;
  prefixCacheHits = 0;
  readonly finished: Record<string, number> = { stop: 0, length: 0, abort: 0, error: 0 };
  readonly ttft = new Histogram(TTFT_SECONDS);
  readonly perToken = new Histogram(PER_TOKEN_SECONDS);
  readonly endToEnd = new Histogram(REQUEST_SECONDS);
  readonly queueTime = new Histogram(REQUEST_SECONDS);

  render(model: string, { running, waiting, kvCacheUsage }: Gauges): string {
    const labels = `engine="0",model_name=${JSON.stringify(model)}`;
    const gauge = (name: string, help: string, value: number) => series(name, help, "gauge", labels, value);
    const counter = (name: string, help: string, value: number) => series(name, help, "counter", labels, value);
    const reasons = Object.entries(this.finished)
      .map(([reason, count]) => `vllm:request_success_total{${labels},finished_reason="${reason}"} ${decimal(count)}\n`)
      .join("");
    return [
      gauge("vllm:num_requests_running", "Number of requests in model execution batches.", running),
      gauge("vllm:num_requests_waiting", "Number of requests waiting to be processed.", waiting),
      gauge("vllm:kv_cache_usage_perc", "KV-cache usage. 1 means 100 percent usage.", kvCacheUsage),
      counter(
        "vllm:prefix_cache_queries_total",
        "Prefix cache queries, in terms of number of queried tokens.",
        this.prefixCacheQueries,
      ),
      counter(
        "vllm:prefix_cache_hits_total",
        "Prefix cache hits, in terms of number of cached tokens.",
        this.prefixCacheHits,
      ),
      counter("vllm:num_preemptions_total", "Cumulative number of preemption from the engine.", 0),
      counter("vllm:prompt_tokens_total", "Number of prefill tokens processed.", this.promptTokens),
      counter("vllm:generation_tokens_total", "Number of generation tokens processed.", this.generationTokens),
      `# HELP vllm:request_success_total Count of successfully processed requests.\n# TYPE vllm:request_success_total counter\n${reasons}`,
      this.ttft.render("vllm:time_to_first_token_seconds", "Histogram of time to first token in seconds.", labels),
      this.perToken.render(
        "vllm:request_time_per_output_token_seconds",
        "Histogram of time_per_output_token_seconds per request.",
        labels,
      ),
      this.endToEnd.render("vllm:e2e_request_latency_seconds", "Histogram of e2e request latency in seconds.", labels),
      this.queueTime.render(
        "vllm:request_queue_time_seconds",
        "Histogram of time spent in WAITING phase for request.",
        labels,
      ),
    ].join("");
  }
}

function series(name: string, help: string, type: string, labels: Labels, value: number) {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name}{${labels}} ${decimal(value)}\n`;
}

/** Python's way of writing a float: whole numbers keep their `.0`. */
const decimal = (value: number) => (Number.isInteger(value) ? `${value}.0` : String(value));
