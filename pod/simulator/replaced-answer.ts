import { gzipSync } from "node:zlib";
import { engineBusy, engineDead, errorBody, PodError } from "./errors";
import type { Exchange } from "./exchange";
import type { Failure } from "./failures";

const HTML = "text/html; charset=utf-8";

const page = (title: string) =>
  `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><center><h1>${title}</h1></center><hr><center>cloudflare</center></body></html>\n`;

const leak = (key: string) =>
  `CUDA error at <torch.cuda.Stream object at 0x7f3a5c0d1e40>: connect to http://10.42.0.17:8000 failed, key ${key}\n` +
  'Traceback (most recent call last):\n  File "/usr/local/lib/python3.12/site-packages/vllm/v1/engine/core.py", line 812, in run\n' +
  "RuntimeError: device-side assert triggered";

/** The answers that stand in for a real one. */
export function replaceAnswer(exchange: Exchange, failure: Failure) {
  const { retryAfter = 2 } = failure;
  const key = exchange.pod.options.keys[0] ?? "none";
  switch (failure.mode) {
    case "hang":
      return;
    case "reset":
      exchange.pod.ledger.end(exchange.entry, "cut");
      exchange.res.socket?.resetAndDestroy();
      return;
    case "error-500":
      return exchange.fail(new PodError(500, "InternalServerError", "Internal server error"));
    case "engine-dead":
      return exchange.fail(engineDead());
    case "unauthorized":
      return exchange.json(401, { error: "Unauthorized" });
    case "rate-limited":
      return busy(exchange, new PodError(429, "Too Many Requests", "Too many requests."), retryAfter);
    case "overloaded":
      return busy(exchange, engineBusy(), retryAfter);
    case "bad-gateway":
      return exchange.send(502, HTML, page("502 Bad Gateway"));
    case "timeout-524":
      return exchange.send(524, HTML, page("524: A timeout occurred"));
    case "leaky-error":
      return exchange.fail(new PodError(500, "InternalServerError", leak(key)));
    case "leaky-400":
      return exchange.fail(
        new PodError(400, "BadRequestError", `The image could not be decoded. ${leak(key)}`, "messages"),
      );
    case "html":
      return exchange.send(200, HTML, page("Welcome to nginx!"));
    case "empty":
      return exchange.send(200, "application/json", "");
    case "truncated-json":
      return exchange.send(
        200,
        "application/json",
        '{"id":"chatcmpl-cut","object":"chat.completion","choices":[{"index":0,"mess',
      );
    case "redirect": {
      const location = failure.location ?? "http://169.254.169.254/latest/meta-data/";
      return exchange.send(failure.status ?? 307, HTML, page("Redirect"), { location });
    }
    case "gzip": {
      const body = gzipSync(
        failure.body ?? JSON.stringify({ id: "chatcmpl-gzip", object: "chat.completion", choices: [] }),
      );
      return exchange.send(200, "application/json", body, { "content-encoding": "gzip" });
    }
    default:
      return exchange.send(failure.status ?? 500, "application/json", failure.body ?? "{}", failure.headers);
  }
}

function busy(exchange: Exchange, error: PodError, retryAfter: number) {
  exchange.json(error.status, errorBody(error), { "retry-after": retryAfter });
}

/** What a client meets while nothing listens yet behind the proxy. */
export function stillLoading(exchange: Exchange) {
  const { loadingStatus } = exchange.pod.options;
  exchange.send(loadingStatus, HTML, page(loadingStatus === 502 ? "502 Bad Gateway" : "503 Service Unavailable"));
}
