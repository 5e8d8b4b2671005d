import { performance } from "node:perf_hooks";
import { namesForbiddenHost } from "./addresses";
import { openPodLine, type PodSaid, problemOf, proxyProblem } from "./ask-pod";
import { type ConnectionResult, explain, type PodProblem } from "./connection";
import { type Gauges, readGauges } from "./gauges";
import { refusedBecause } from "./refused";

const DEADLINE_MS = 10_000;
const MOST_MODELS = 100;
const LONGEST_NAME = 200;

export type Target = {
  /** As `podBaseUrl` keeps it. */
  baseUrl: string;
  /** Null: the pod asks for none. */
  apiKey: string | null;
  /** The key before this one, while a change goes on: it is tried where the pod refuses this one. */
  previousKey?: string | null;
};

/**
 * Asks a pod how it is: `/health`, then `/v1/models` with its key, together within the deadline. Fixed paths, no redirects, small
 * bodies; the answer comes from a closed list and holds nothing the pod said but the names of its models. Never throws.
 */
export async function testPodConnection(
  target: Target,
  { deadlineMs = DEADLINE_MS }: { deadlineMs?: number } = {},
): Promise<ConnectionResult> {
  return (await lookAtPod(target, deadlineMs, false)).found;
}

export type Look = { found: ConnectionResult; gauges: Gauges | null };

/** The same look, with the load that the pod's `/metrics` tell where it does. Never throws. */
export async function lookAtPod(target: Target, deadlineMs: number, wantsGauges = true): Promise<Look> {
  if (namesForbiddenHost(target.baseUrl)) return without("forbidden_address");
  const { ask, close } = openPodLine(target.baseUrl, deadlineMs);
  const { apiKey, previousKey = null } = target;
  try {
    const health = await ask({ path: "/health", apiKey });
    const unwell = proxyProblem(health.status) ?? (health.status === 503 ? "engine_dead" : null);
    if (unwell) return without(unwell);

    const startedAt = performance.now();
    let answer = await ask({ path: "/v1/models", apiKey });
    const roundTripMs = Math.max(1, Math.round(performance.now() - startedAt));
    const takesKeyBefore = isRefusal(answer) && previousKey !== null;
    if (takesKeyBefore) answer = await ask({ path: "/v1/models", apiKey: previousKey });
    if (isRefusal(answer)) return without(apiKey === null ? "key_missing" : "wrong_key");
    const models = answer.status === 200 ? modelNames(answer.body) : null;
    if (models === null) return without(proxyProblem(answer.status) ?? "not_vllm");

    const metrics = wantsGauges ? await ask({ path: "/metrics", apiKey: null }).catch(() => null) : null;
    return {
      found: { ok: true, models, roundTripMs, ...(takesKeyBefore && { takesKeyBefore }) },
      gauges: metrics?.status === 200 ? readGauges(metrics.body) : null,
    };
  } catch (error) {
    const reason = problemOf(error);
    return without(reason === "refused" ? await refusedBecause(target.baseUrl) : reason);
  } finally {
    await close();
  }
}

const isRefusal = ({ status }: PodSaid) => status === 401 || status === 403;

/** The models in vLLM's list; null where the text is no such list. */
function modelNames(text: string): string[] | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  const data = parsed !== null && typeof parsed === "object" && "data" in parsed ? parsed.data : null;
  if (!Array.isArray(data)) return null;
  const names = data.flatMap((entry: unknown) => {
    const id = entry !== null && typeof entry === "object" && "id" in entry ? entry.id : null;
    return typeof id === "string" && id !== "" && id.length <= LONGEST_NAME ? [id] : [];
  });
  return [...new Set(names)].slice(0, MOST_MODELS);
}

function without(reason: PodProblem): Look {
  return { found: { ok: false, reason, ...explain(reason) }, gauges: null };
}
