import type { IncomingMessage, ServerResponse } from "node:http";
import type { Handle } from "./engine";
import { errorBody, FrameworkError, PodError } from "./errors";
import type { Failing } from "./failures";
import { newId } from "./identity";
import type { LedgerEntry } from "./ledger";
import type { Pod } from "./pod";

export const JSON_TYPE = "application/json";
export const STREAM_TYPE = "text/event-stream; charset=utf-8";

const LEAKS = {
  server: "vllm-worker-7/0.32.0 (internal)",
  "set-cookie": "session=pod-internal; Path=/; HttpOnly",
  "x-internal-address": "http://10.42.0.17:8000",
  "x-powered-by": "uvicorn",
};

/** One request and the ways to answer it. */
export class Exchange {
  readonly pod: Pod;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Without the query. */
  readonly path: string;
  readonly entry: LedgerEntry;
  /** The body as it arrived, and as text. */
  raw: Buffer = Buffer.alloc(0);
  body = "";
  failing: Failing = { answer: undefined, quirks: undefined };
  /** The engine's job, so that a client that leaves frees its slot. */
  work: Handle | undefined;

  constructor(pod: Pod, req: IncomingMessage, res: ServerResponse, path: string, entry: LedgerEntry) {
    this.pod = pod;
    this.req = req;
    this.res = res;
    this.path = path;
    this.entry = entry;
  }

  head(status: number, type: string | undefined, extra?: Record<string, string | number>) {
    this.entry.status = status;
    // As uvicorn: neither `connection` nor a keep-alive hint.
    this.res.removeHeader("connection");
    const { quirks } = this.failing;
    const headers: Record<string, string | number> = { server: "uvicorn", ...extra };
    if (type !== undefined) headers["content-type"] = type;
    if (status !== 401) headers.vary = "Origin";
    if (this.pod.options.requestIdHeaders) headers["x-request-id"] = this.entry.requestId ?? newId() + newId();
    if (quirks?.["wrong-content-type"]) headers["content-type"] = "text/plain; charset=utf-8";
    if (quirks?.["leaky-headers"]) Object.assign(headers, LEAKS);
    this.res.writeHead(status, headers);
  }

  /** Sends a whole answer; `body` is JSON text or a value. */
  json(status: number, body: unknown, extra?: Record<string, string | number>) {
    this.send(status, JSON_TYPE, typeof body === "string" ? body : JSON.stringify(body), extra);
  }

  send(status: number, type: string, body: string | Buffer, extra?: Record<string, string | number>) {
    if (this.res.headersSent || this.res.destroyed) return;
    this.head(status, type, { "content-length": Buffer.byteLength(body), ...extra });
    this.res.end(body);
  }

  fail(error: unknown) {
    if (error instanceof PodError) return this.json(error.status, errorBody(error));
    if (error instanceof FrameworkError) return this.json(error.status, { detail: error.message });
    const message = error instanceof Error ? error.message : String(error);
    this.json(500, errorBody({ status: 500, type: "InternalServerError", message, param: null }));
  }

  /** vLLM's load report, for those who ask for it by header. */
  loadReport(): Record<string, string> | undefined {
    const format = this.req.headers["endpoint-load-metrics-format"];
    if (format !== "TEXT" && format !== "JSON") return undefined;
    const { engine, options } = this.pod;
    const waiting = `${engine.waiting}.0`;
    const used = Math.min(1, engine.heldTokens / options.kvCacheTokens);
    const usage = Number.isInteger(used) ? `${used}.0` : String(used);
    const report =
      format === "JSON"
        ? `JSON {"named_metrics": {"num_requests_waiting": ${waiting}, "kv_cache_usage_perc": ${usage}}}`
        : `TEXT named_metrics.num_requests_waiting=${waiting}, named_metrics.kv_cache_usage_perc=${usage}`;
    return { "endpoint-load-metrics": report };
  }
}
