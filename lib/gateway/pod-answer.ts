import { AppError } from "@/lib/errors";
import { PodUnavailable } from "./unavailable";

const LONGEST_MESSAGE = 400;

/** Signs that a text is the pod's inside and not a word to a caller. */
const INSIDE = /Traceback|File "|\bat 0x|\.py\b|site-packages|CUDA|torch\.|Exception:/;

/** What never goes out: addresses of memory and of machines, paths, anything shaped like a credential. */
const REMOVED = [
  /0x[0-9a-f]{6,}/gi,
  /\b[a-z][a-z\d+.-]*:\/\/\S+/gi,
  /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g,
  /\b(?:[\da-f]{0,4}:){3,7}[\da-f]{0,4}\b/gi,
  /\b[\w.-]+:\d{2,5}\b/g,
  /(?:^|\s)\/(?:[\w.-]+\/)+[\w.-]*/g,
  /\b(?:sk|hf|rpa|key|token|bearer)[-_ ]\S{8,}/gi,
];

/** A pod's own words about a caller's mistake, fit to be read outside; null when nothing useful is left. */
export function cleanedMessage(text: string): string | null {
  const firstLine = text.split(/[\r\n]/, 1)[0]?.trim() ?? "";
  if (firstLine === "" || INSIDE.test(text)) return null;
  const cleaned = REMOVED.reduce((message, pattern) => message.replace(pattern, " [removed]"), firstLine);
  const printable = cleaned.replace(/[^\P{C}]/gu, "").trim();
  return printable.length > LONGEST_MESSAGE ? `${printable.slice(0, LONGEST_MESSAGE)}…` : printable;
}

type PodError = { message: string; param: string | null };

/** vLLM's report of a field that failed its checks: `1 validation error:\n  {'type': …, 'loc': 'body.top_p', 'msg': …, 'input': …}`. */
const FAILED_CHECK = /'loc': 'body(?:\.([\w.-]{1,64}))?', 'msg': '([^'\\]{1,200})'/;

/** The first failed check in plain words, without the value that failed it; empty if it is told in another way. */
function plainWords(message: string): string {
  const [, field, words] = FAILED_CHECK.exec(message) ?? [];
  if (words === undefined) return /^\d+ validation errors?:/.test(message) ? "" : message;
  return field === undefined ? words : `${field}: ${words}`;
}

/** The message and the field in any of vLLM's error shapes; empty if the body is none of them. */
export function readPodError(body: Buffer): PodError {
  try {
    const value = JSON.parse(body.toString("utf8")) as Record<string, unknown>;
    const inner =
      value.error !== null && typeof value.error === "object" ? (value.error as Record<string, unknown>) : value;
    const message = typeof inner.message === "string" ? inner.message : "";
    const param = typeof inner.param === "string" && /^[\w.[\]-]{1,64}$/.test(inner.param) ? inner.param : null;
    return { message: plainWords(message), param: param?.replace(/^body\./, "") ?? null };
  } catch {
    return { message: "", param: null };
  }
}

const secondsOf = (retryAfter: string | null) => {
  const seconds = Number(retryAfter);
  return retryAfter !== null && Number.isFinite(seconds) && seconds >= 0
    ? Math.min(Math.ceil(seconds), 3_600)
    : undefined;
};

/**
 * What a caller is told about a pod's refusal. Their own mistakes keep their meaning; everything that concerns the pod
 * or Podpass' access to it becomes ours, and its words stay inside (`cause`, for the log).
 */
export function refusalFromPod(status: number, body: Buffer, retryAfter: string | null): AppError {
  const { message, param } = readPodError(body);
  const cause = new Error(`the pod answered ${status}`);
  const retryAfterSeconds = secondsOf(retryAfter);
  const words = cleanedMessage(message);

  if (status === 404 && /does not exist|not found/i.test(message)) {
    return new AppError(
      "model_not_found",
      "The pod does not serve this model. GET /v1/models lists what you can use.",
      { param: "model", cause },
    );
  }
  if (status === 413) return new AppError("request_too_large", "The pod refused the request as too large.", { cause });
  if (status === 400 || status === 404 || status === 422) {
    const isTooLong = /context length|max_model_len|longer than/i.test(message);
    return new AppError(
      isTooLong ? "context_length_exceeded" : "invalid_request",
      words ?? "The pod refused the request as invalid.",
      { param, cause },
    );
  }
  if (status === 429) {
    return new AppError("rate_limit_exceeded", "The pod is busy. Try again shortly.", {
      retryAfterSeconds: retryAfterSeconds ?? 1,
      cause,
    });
  }
  if (status === 503 && IS_FULL.test(message)) {
    return new AppError("pod_unavailable", "The pod has as many requests as it takes. Try again shortly.", {
      retryAfterSeconds: retryAfterSeconds ?? 5,
      cause,
    });
  }
  if (status === 502 || status === 503) {
    const sentence = "The pod is not ready: it may still be loading its model.";
    return new PodUnavailable("loading", sentence, retryAfterSeconds ?? 5, { cause });
  }
  if (mayStillWork(status)) {
    return new AppError(
      "pod_timeout",
      "The proxy before the pod gave up waiting; the pod may still be working on it. Ask for a stream, or for less.",
      { retryAfterSeconds: retryAfterSeconds ?? AFTER_A_PROXY_GAVE_UP_S, cause },
    );
  }
  if (status === 401 || status === 403) {
    return new AppError("pod_error", "The pod refused Podpass' own key. An admin has to replace it under Pods.", {
      cause,
    });
  }
  return new AppError("pod_error", "The pod failed to answer this request.", { cause });
}

/** vLLM's words where its queue is full (`--max-num-queued-reqs`): it serves, and has no room. */
const IS_FULL = /currently busy/i;

/** SDKs repeat a 504 at once: the same work would pile up on a pod that is behind already. */
const AFTER_A_PROXY_GAVE_UP_S = 30;

/** A proxy before the pod lost its patience (524: Cloudflare's, after 100 s): that ends nothing on the pod. */
export const mayStillWork = (status: number) => status === 504 || status === 524;

const CONNECTING =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|POD_CONNECT_TIMEOUT|EFORBIDDENADDRESS|CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;

/** What a caller is told when the way to the pod failed: nothing was reached, it was too slow, or it broke off. */
export function refusalFromTransport(error: Error): AppError {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (CONNECTING.test(code)) {
    return new PodUnavailable("unreachable", "The pod cannot be reached right now.", 5, { cause: error });
  }
  if (code === "POD_SILENT") {
    return new AppError("pod_timeout", "The pod took too long to answer.", { cause: error });
  }
  if (code === "POD_BAD_ANSWER") return unusableAnswer(error.message);
  return new AppError("pod_error", "The pod broke off before its answer was complete.", { cause: error });
}

/** The pod answered with something that is no answer to this request. */
export function unusableAnswer(what: string) {
  return new AppError("pod_error", "The pod gave an answer that Podpass cannot pass on.", { cause: new Error(what) });
}
