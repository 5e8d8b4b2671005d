import { performance } from "node:perf_hooks";
import { Agent, request } from "undici";
import { ForbiddenAddressError, guardedLookup, namesForbiddenHost } from "./addresses";
import { type ConnectionResult, explain, type PodProblem } from "./connection";

const DEADLINE_MS = 10_000;
const LARGEST_BODY = 256 * 1024;
const MOST_MODELS = 100;
const LONGEST_NAME = 200;

type Target = {
  /** As `podBaseUrl` keeps it. */
  baseUrl: string;
  /** Null: the pod asks for none. */
  apiKey: string | null;
};

/**
 * Asks a pod how it is: `/health`, then `/v1/models` with its key, together within the deadline. Fixed paths, no redirects, small
 * bodies; the answer comes from a closed list and holds nothing the pod said but the names of its models. Never throws.
 */
export async function testPodConnection(
  target: Target,
  { deadlineMs = DEADLINE_MS }: { deadlineMs?: number } = {},
): Promise<ConnectionResult> {
  if (namesForbiddenHost(target.baseUrl)) return problem("forbidden_address");
  const agent = new Agent({ connect: { lookup: guardedLookup, timeout: deadlineMs }, allowH2: false, pipelining: 1 });
  const ask = asker(agent, target, AbortSignal.timeout(deadlineMs));
  try {
    const health = await ask("/health");
    const unwell = proxyProblem(health.status) ?? (health.status === 503 ? "engine_dead" : null);
    if (unwell) return problem(unwell);

    const startedAt = performance.now();
    const answer = await ask("/v1/models");
    const roundTripMs = Math.max(1, Math.round(performance.now() - startedAt));
    if (answer.status === 401 || answer.status === 403)
      return problem(target.apiKey === null ? "key_missing" : "wrong_key");
    const models = answer.status === 200 ? modelNames(answer.body) : null;
    if (models === null) return problem(proxyProblem(answer.status) ?? "not_vllm");
    return { ok: true, models, roundTripMs };
  } catch (error) {
    return problem(problemOf(error));
  } finally {
    await agent.destroy();
  }
}

function asker(dispatcher: Agent, { baseUrl, apiKey }: Target, signal: AbortSignal) {
  const headers = { accept: "application/json", ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }) };
  return async (path: "/health" | "/v1/models") => {
    const { statusCode, body } = await request(`${baseUrl}${path}`, { dispatcher, headers, signal });
    return { status: statusCode, body: await shortText(body) };
  };
}

/** The body's text, or nothing of it where it is longer than any honest answer. */
async function shortText(body: AsyncIterable<Buffer>) {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > LARGEST_BODY) return "";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What a status says about the proxy in front of the pod. */
function proxyProblem(status: number): PodProblem | null {
  if (status === 502 || status === 504) return "loading";
  if (status === 524 || status === 522) return "proxy_limit";
  return status >= 300 && status < 400 ? "redirected" : null;
}

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

const PROBLEM_OF_CODE: Record<string, PodProblem> = {
  ENOTFOUND: "name_not_found",
  EAI_AGAIN: "name_not_found",
  ENODATA: "name_not_found",
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  ETIMEDOUT: "timeout",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
  UND_ERR_BODY_TIMEOUT: "timeout",
  EPROTO: "tls",
  UND_ERR_HEADERS_OVERFLOW: "not_vllm",
};

function problemOf(error: unknown): PodProblem {
  if (error instanceof ForbiddenAddressError) return "forbidden_address";
  if (error instanceof AggregateError) return problemOf(error.errors[0]);
  if (!(error instanceof Error)) return "broken";
  if (error.name === "TimeoutError") return "timeout";
  if (error.name === "HTTPParserError") return "not_vllm";
  const code = "code" in error ? String(error.code) : "";
  if (/CERT|TLS|SSL|SELF_SIGNED|ISSUER/.test(code)) return "tls";
  return PROBLEM_OF_CODE[code] ?? "broken";
}

function problem(reason: PodProblem): ConnectionResult {
  return { ok: false, reason, ...explain(reason) };
}
