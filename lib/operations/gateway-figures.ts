import type { OpenGateway } from "@/lib/gateway/open-gateway";
import packageJson from "@/package.json";
import { counter, type Figure, gauge } from "./figures";

type Stats = ReturnType<OpenGateway["stats"]>;

/** What the gateway knows about itself at this moment. */
export type GatewayState = Pick<Stats, "streams" | "waiting" | "pods"> & {
  cache: Pick<Stats["cache"], "hits" | "absentHits" | "misses">;
  recorder: Pick<Stats["recorder"], "journalBytes">;
  limits: Pick<Stats["limits"], "isRedisAway" | "areLimitsShared">;
  credentials: Stats["credentials"];
};

/** The gateway's state and that of its process, as figures. */
export function gatewayFigures(state: GatewayState): Figure[] {
  const { streams, waiting, pods, cache, recorder, limits, credentials } = state;
  const results = { hit: cache.hits, absent: cache.absentHits, miss: cache.misses };
  return [
    gauge("podpass_streams_active", "Streams that are being relayed now.", streams),
    gauge("podpass_queue_depth", "Requests that wait for a place at a pod now.", waiting),
    gauge(
      "podpass_pod_up",
      "1 while the pod serves, 0 while it loads, fails or cannot be reached; paused pods are left out.",
      pods.map(({ name, state }) => ({ labels: { pod: name }, value: state === "serving" ? 1 : 0 })),
      "max",
    ),
    gauge(
      "podpass_journal_bytes",
      "Size of the usage journal, whose segments go once the database has them.",
      recorder.journalBytes,
    ),
    counter(
      "podpass_auth_cache_total",
      "Callers looked up: found in memory, known in memory to be nobody, or asked of the database.",
      Object.entries(results).map(([result, value]) => ({ labels: { result }, value })),
    ),
    gauge(
      "podpass_limits_shared",
      "1 while limits are exact over all replicas, 0 while Redis is away or another replica keeps limits of its own.",
      limits.areLimitsShared ? 1 : 0,
      "min",
    ),
    gauge("podpass_redis_away", "1 while REDIS_URL is set and does not answer.", limits.isRedisAway ? 1 : 0, "max"),
    gauge(
      "podpass_throttled_sources",
      "Sources with too many keys lately that open nothing.",
      credentials.sources,
      "max",
    ),
    counter("podpass_throttled_credentials_total", "Keys from such sources that were not looked up.", [
      { labels: {}, value: credentials.heldBack },
    ]),
    gauge("podpass_build_info", "Which version runs.", [{ labels: { version: packageJson.version }, value: 1 }], "max"),
    ...processFigures(),
  ];
}

/** Under the names that Prometheus knows for every program. */
function processFigures(): Figure[] {
  const { user, system } = process.cpuUsage();
  const startedAt = Date.now() / 1_000 - process.uptime();
  return [
    counter("process_cpu_seconds_total", "CPU time of the gateway's processes.", [
      { labels: {}, value: (user + system) / 1e6 },
    ]),
    gauge("process_resident_memory_bytes", "Memory of the gateway's processes.", process.memoryUsage.rss()),
    gauge("process_start_time_seconds", "When the oldest of the gateway's processes began.", startedAt, "min"),
  ];
}
