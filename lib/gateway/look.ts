import { AppError } from "@/lib/errors";
import { headerLine } from "@/lib/http/request-head";
import { askForWhole } from "@/lib/http/whole-answer";
import type { CallerFacts } from "@/lib/keys/caller-facts";
import { type Answer, idHeaders } from "./errors";
import { isWorthAsking } from "./find-pod";
import { type LivePod, tryOtherKey } from "./live-pod";
import type { Match } from "./routes";
import { podUnavailable } from "./unavailable";

type Model = { id: string };

type Options = {
  pods: () => LivePod[];
  /** How long a pod may take to list its models or say how it is. */
  patienceMs?: number;
};

const LARGEST_LIST = 4 * 1024 * 1024;

/** Makes the step that answers `GET /v1/models`, `GET /v1/models/{id}` and `GET /health` from the pods as they are now. */
export function createLook({ pods, patienceMs = 5_000 }: Options) {
  return async function look({ route, modelId }: Match, requestId: string, caller: CallerFacts): Promise<Answer> {
    if (route.kind === "health") return json(await health(), requestId);
    const models = await modelsFor(caller);
    if (modelId === null) return json({ object: "list", data: models }, requestId);
    const model = models.find(({ id }) => id === modelId);
    if (model === undefined) {
      throw new AppError("model_not_found", "There is no such model, or your key may not use it.", { param: "model" });
    }
    return json(model, requestId);
  };

  /** Throws `pod_unavailable` with the state in words unless one pod can serve at this moment. */
  async function health() {
    const asked = pods();
    const answers = await Promise.all(asked.map(isHealthy));
    if (!answers.includes(true))
      throw podUnavailable(
        asked.find(({ facts }) => facts.state !== "serving")?.facts.state ??
          (asked.length > 0 ? "unreachable" : undefined),
      );
    return { status: "ok" };
  }

  async function isHealthy(pod: LivePod) {
    // It answers while its engine hangs: that no tokens come is known from elsewhere.
    if (pod.facts.state === "failing") return false;
    try {
      return (await ask(pod, "/health", null)).status === 200;
    } catch {
      return false;
    }
  }

  /**
   * What the key may use, in the pods' own words: tools read vLLM's extra fields. A model on two pods is listed once. A pod that sleeps or
   * loads while calls wait for it is listed by what it served last: a tool that shows no model sends no call that wakes it.
   */
  async function modelsFor(caller: CallerFacts): Promise<Model[]> {
    const asked = pods();
    const lists = await Promise.all(
      asked.map(async (pod) => (await modelsOf(pod)) ?? (isWorthAsking(pod) ? lastKnown(pod) : null)),
    );
    if (lists.every((list) => list === null))
      throw podUnavailable(
        asked.find(({ facts }) => facts.state !== "serving")?.facts.state ??
          (asked.length > 0 ? "unreachable" : undefined),
      );
    const byId = new Map<string, Model>();
    for (const model of lists.flatMap((list) => list ?? [])) {
      const isAllowed = caller.models.length === 0 || caller.models.includes(model.id);
      if (isAllowed && !byId.has(model.id)) byId.set(model.id, model);
    }
    return [...byId.values()];
  }

  async function modelsOf(pod: LivePod): Promise<Model[] | null> {
    try {
      const { authorization } = pod;
      let answer = await ask(pod, "/v1/models", authorization);
      if (answer.status === 401 && tryOtherKey(pod, authorization)) {
        answer = await ask(pod, "/v1/models", pod.authorization);
      }
      const { status, body } = answer;
      const list = status === 200 ? (JSON.parse(body.toString("utf8")) as { data?: unknown }).data : null;
      return Array.isArray(list) ? list.flatMap(asModel) : null;
    } catch {
      return null;
    }
  }

  function ask({ basePath, connections }: LivePod, path: string, authorization: string | null) {
    const credential = authorization === null ? "" : headerLine("authorization", authorization);
    const head = `GET ${basePath}${path} HTTP/1.1\r\nhost: ${connections.host}\r\naccept-encoding: identity\r\n${credential}`;
    const request = { head, body: null, firstByteMs: patienceMs, idleMs: patienceMs };
    return askForWhole(connections, request, LARGEST_LIST);
  }
}

/** The fields that vLLM documents; `root` would name a folder of the pod's disk. */
const MODEL_FIELDS = ["id", "object", "created", "owned_by", "parent", "max_model_len", "permission"] as const;

function asModel(value: unknown): Model[] {
  if (value === null || typeof value !== "object" || typeof (value as Model).id !== "string") return [];
  const fields = MODEL_FIELDS.filter((name) => name in value).map((name) => [
    name,
    (value as Record<string, unknown>)[name],
  ]);
  return [Object.fromEntries(fields) as Model];
}

/** In vLLM's shape, as far as it is known. `created` is the time of the answer there too. */
function lastKnown({ facts }: LivePod): Model[] | null {
  const created = Math.floor(Date.now() / 1_000);
  return facts.models.length === 0
    ? null
    : facts.models.map((id) => ({ id, object: "model", created, owned_by: "vllm" }));
}

function json(value: unknown, requestId: string): Answer {
  const body = Buffer.from(JSON.stringify(value));
  return {
    status: 200,
    headers: {
      ...idHeaders(requestId, "openai"),
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
    body,
  };
}
