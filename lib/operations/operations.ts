import { AppError } from "@/lib/errors";
import { type Answer, errorAnswer, refusalOf } from "@/lib/gateway/errors";
import type { HeaderLines } from "@/lib/http/plain-request";
import { type Exposition, mayReadMetrics } from "./metrics-access";
import { createApiDocument } from "./openapi/document";

/** A question about Podpass itself, on plain values, whatever transport brought it. */
export type OperationsRequest = {
  method: string;
  /** As it was sent, without the query. */
  path: string;
  headers: HeaderLines;
  /** The other end of the socket; null when unknown. */
  peerIp: string | null;
};

type Options = {
  /** Why this process should get no work now; empty while it may. */
  unreadiness: () => Promise<readonly string[]>;
  /** What is wrong although this process may get work; empty while nothing is. */
  warnings?: () => readonly string[] | Promise<readonly string[]>;
  /** Everything counted so far, as Prometheus reads it. */
  exposition: () => Promise<Exposition>;
  metricsToken: string | undefined;
  /** The address people use. */
  publicUrl: string;
  newId: () => string;
};

export type Operations = ReturnType<typeof createOperations>;

const PATHS = new Set(["/healthz", "/readyz", "/metrics", "/openapi.json"]);

/** Whether a raw path is one of these four, compared as it is. */
export function isOperationsPath(path: string): boolean {
  return PATHS.has(path);
}

/** Answers what is asked without a key: does it live, may it get work, what has it counted, what can it do. Never rejects. */
export function createOperations(options: Options) {
  const { unreadiness, warnings = () => [], exposition, metricsToken, publicUrl, newId } = options;
  const document = createApiDocument(publicUrl);

  return async function answer(request: OperationsRequest): Promise<Answer> {
    const requestId = newId();
    try {
      return withoutBodyForHead(request, await answerRead(request, requestId));
    } catch (error) {
      const refused = errorAnswer(refusalOf(error), requestId, "openai");
      if (refused.status === 405) refused.headers.allow = "GET, HEAD";
      return withoutBodyForHead(request, refused);
    }
  };

  async function answerRead(request: OperationsRequest, requestId: string): Promise<Answer> {
    // Before the method: whoever may not read the figures learns nothing about them.
    if (request.path === "/metrics" && !mayReadMetrics(request, metricsToken)) throw nothingHere();
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new AppError("method_not_allowed", "Only GET and HEAD are answered here.");
    }
    switch (request.path) {
      case "/healthz":
        return json(200, { status: "ok" }, requestId);
      case "/readyz": {
        const reasons = await unreadiness();
        const found = await warnings();
        return reasons.length === 0
          ? json(200, { status: "ok", ...(found.length > 0 && { warnings: found }) }, requestId)
          : json(503, { status: "unavailable", reasons }, requestId);
      }
      case "/metrics": {
        const { text, contentType } = await exposition();
        return whole(200, text, { "content-type": contentType, "cache-control": "no-store" }, requestId);
      }
      case "/openapi.json":
        return document(request.headers["if-none-match"]?.join(",") ?? null, requestId);
      default:
        throw nothingHere();
    }
  }
}

function nothingHere() {
  return new AppError("not_found", "There is no such route. GET /openapi.json lists them all.");
}

function json(status: number, value: unknown, requestId: string) {
  return whole(
    status,
    JSON.stringify(value),
    { "content-type": "application/json", "cache-control": "no-store" },
    requestId,
  );
}

function whole(status: number, text: string, headers: Record<string, string>, requestId: string): Answer {
  const body = Buffer.from(text);
  return {
    status,
    headers: {
      ...headers,
      "content-length": String(body.length),
      "x-content-type-options": "nosniff",
      "x-request-id": requestId,
    },
    body,
  };
}

function withoutBodyForHead({ method }: OperationsRequest, answer: Answer): Answer {
  return method === "HEAD" ? { ...answer, body: Buffer.alloc(0) } : answer;
}
