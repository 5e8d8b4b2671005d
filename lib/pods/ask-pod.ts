import { Agent, request } from "undici";
import { ForbiddenAddressError, guardedLookup } from "./addresses";
import type { PodProblem } from "./connection";

const LARGEST_BODY = 256 * 1024;
/** vLLM's metrics grow with its engines and adapters. */
const LARGEST_METRICS = 4 * 1024 * 1024;

type Question =
  | { path: "/health" | "/v1/models" | "/metrics"; apiKey: string | null }
  | { path: "/v1/completions"; apiKey: string | null; body: string };

export type PodSaid = { status: number; body: string };

/**
 * Podpass' own questions to a pod: fixed paths, no redirects, small bodies, all of them within one deadline, over connections that
 * nobody else uses. `close` ends them.
 */
export function openPodLine(baseUrl: string, deadlineMs: number) {
  const agent = new Agent({ connect: { lookup: guardedLookup, timeout: deadlineMs }, allowH2: false, pipelining: 1 });
  const signal = AbortSignal.timeout(deadlineMs);

  /** What the pod said; throws whatever kept it from saying anything. */
  async function ask({ path, apiKey, ...rest }: Question): Promise<PodSaid> {
    const posted = "body" in rest ? rest.body : null;
    const { statusCode, body } = await request(`${baseUrl}${path}`, {
      dispatcher: agent,
      method: posted === null ? "GET" : "POST",
      headers: {
        accept: path === "/metrics" ? "text/plain" : "application/json",
        ...(posted !== null && { "content-type": "application/json" }),
        ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }),
      },
      body: posted,
      signal,
    });
    return { status: statusCode, body: await shortText(body, path === "/metrics" ? LARGEST_METRICS : LARGEST_BODY) };
  }

  return { ask, close: () => agent.destroy() };
}

/** The body's text, or nothing of it where it is longer than any honest answer. */
async function shortText(body: AsyncIterable<Buffer>, largest: number) {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > largest) return "";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What a status says about the proxy in front of the pod. */
export function proxyProblem(status: number): PodProblem | null {
  if (status === 502 || status === 504) return "loading";
  if (status === 524 || status === 522) return "proxy_limit";
  return status >= 300 && status < 400 ? "redirected" : null;
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

/** What kept a pod from answering. */
export function problemOf(error: unknown): PodProblem {
  if (error instanceof ForbiddenAddressError) return "forbidden_address";
  if (error instanceof AggregateError) return problemOf(error.errors[0]);
  if (!(error instanceof Error)) return "broken";
  if (error.name === "TimeoutError") return "timeout";
  if (error.name === "HTTPParserError") return "not_vllm";
  const code = "code" in error ? String(error.code) : "";
  if (/CERT|TLS|SSL|SELF_SIGNED|ISSUER/.test(code)) return "tls";
  return PROBLEM_OF_CODE[code] ?? "broken";
}
