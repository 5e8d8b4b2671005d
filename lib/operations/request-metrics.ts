import type { LogLine } from "@/lib/gateway/gateway";
import { EVERY_ROUTE } from "@/lib/gateway/routes";
import { OUTCOMES } from "@/lib/usage/event";
import { BoundedLabels } from "./bounded-labels";
import { counter, type Figure, histogram } from "./figures";
import { FINE_SECONDS, Histogram, SECONDS } from "./histogram";

type Cell = { count: number };

export type RequestMetrics = ReturnType<typeof createRequestMetrics>;

/** Models beyond this share one label. */
const MOST_MODELS = 100;
const STATUS_CLASSES = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"] as const;
const REFUSED_CREDENTIALS = ["invalid_api_key", "key_expired", "key_revoked", "key_rotated", "key_disabled"] as const;

/**
 * Counts how requests end. On a request's path it only adds to numbers in memory (well under a microsecond); names and text are
 * made when somebody asks. No label names a key, a member, a path or a model that no pod serves.
 */
export function createRequestMetrics(now: () => number = () => performance.now()) {
  const routes = new BoundedLabels(EVERY_ROUTE.map(({ path }) => path));
  const models = new BoundedLabels([], MOST_MODELS);
  const outcomes = new BoundedLabels(OUTCOMES);
  const refusals = new BoundedLabels(REFUSED_CREDENTIALS);
  const requests = new Map<number, Cell>();
  const refused = REFUSED_CREDENTIALS.map(() => 0);
  const input = new Float64Array(MOST_MODELS + 1);
  const output = new Float64Array(MOST_MODELS + 1);
  const durations = new Histogram(SECONDS);
  const firstTokens = new Histogram(SECONDS);
  const overheads = new Histogram(FINE_SECONDS);

  /** Takes note of one request's end. */
  function observe({ path, status, attempt, event, error }: LogLine) {
    const route = routes.idOf(attempt === null ? routeOf(path) : attempt.route.path);
    if (attempt === null || event === null) {
      countRequest(route, 0, outcomes.idOf("rejected"), status);
      const refusal = error === null ? 0 : refusals.idOf(error.code);
      if (refusal > 0) refused[refusal - 1] = (refused[refusal - 1] ?? 0) + 1;
      return;
    }
    const model = models.idOf(event.model);
    countRequest(route, model, outcomes.idOf(event.outcome), event.status);
    input[model] = (input[model] ?? 0) + event.promptTokens;
    output[model] = (output[model] ?? 0) + event.completionTokens;
    const { startedAt, askedAt, firstTokenAt, queueMs } = attempt;
    durations.observe(route, now() - startedAt);
    if (askedAt === null) return;
    overheads.observe(0, askedAt - startedAt - (queueMs ?? 0));
    if (firstTokenAt !== null) firstTokens.observe(model, firstTokenAt - askedAt);
  }

  function countRequest(route: number, model: number, outcome: number, status: number | null) {
    const statusClass = status === null ? 0 : Math.floor(status / 100);
    const place = ((route * (MOST_MODELS + 1) + model) * 8 + outcome) * 8 + statusClass;
    const cell = requests.get(place);
    if (cell === undefined) requests.set(place, { count: 1 });
    else cell.count += 1;
  }

  const requestSamples = () =>
    [...requests].map(([place, { count }]) => {
      const pair = Math.floor(place / 64);
      return {
        labels: {
          route: routes.nameOf(Math.floor(pair / (MOST_MODELS + 1))),
          model: models.nameOf(pair % (MOST_MODELS + 1)),
          outcome: outcomes.nameOf((place >> 3) & 7),
          status_class: STATUS_CLASSES[place & 7] ?? "none",
        },
        value: count,
      };
    });

  const tokenSamples = (sums: Float64Array, direction: string) =>
    models.all().map((model, id) => ({ labels: { model, direction }, value: sums[id] ?? 0 }));

  /** Everything counted so far. */
  function figures(): Figure[] {
    const model = (id: number) => ({ model: models.nameOf(id) });
    const route = (id: number) => ({ route: routes.nameOf(id) });
    return [
      counter("podpass_requests_total", "Requests to the API that have ended.", requestSamples()),
      counter(
        "podpass_failed_credentials_total",
        "Requests refused for their key, by the code they were answered with.",
        REFUSED_CREDENTIALS.map((code, index) => ({ labels: { code }, value: refused[index] ?? 0 })),
      ),
      counter("podpass_tokens_total", "Tokens as the pod counted them, or Podpass' estimate where it could not.", [
        ...tokenSamples(input, "input"),
        ...tokenSamples(output, "output"),
      ]),
      histogram(
        "podpass_request_duration_seconds",
        "From a request's arrival to the end of its answer.",
        durations.samples("podpass_request_duration_seconds", route),
      ),
      histogram(
        "podpass_time_to_first_token_seconds",
        "From the pod's being asked to the first event of a stream.",
        firstTokens.samples("podpass_time_to_first_token_seconds", model),
      ),
      histogram(
        "podpass_overhead_seconds",
        "Podpass' own part: from a request's arrival, its body included, to the pod's being asked, less the wait in the queue.",
        overheads.samples("podpass_overhead_seconds", () => ({})),
      ),
    ];
  }

  return { observe, figures };
}

/** The route under which a refused request is counted: strangers may write what they like into a path. */
function routeOf(path: string) {
  return path.startsWith("/v1/models/") ? "/v1/models/{id}" : path;
}
