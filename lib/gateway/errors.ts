import { AppError } from "@/lib/errors";
import type { Dialect } from "./routes";
import { encodeEvent } from "./sse";
import { PodUnavailable } from "./unavailable";

/** A finished answer of our own: everything a transport needs. */
export type Answer = { status: number; headers: Record<string, string>; body: Buffer };

const OPENAI_TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  429: "rate_limit_error",
};

const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
};

function typeOf(status: number, dialect: Dialect) {
  const known = (dialect === "openai" ? OPENAI_TYPES : ANTHROPIC_TYPES)[status];
  return known ?? (status < 500 ? "invalid_request_error" : "api_error");
}

/** What a client is told about anything that was thrown: a refusal in its own words, the rest without any detail. */
export function refusalOf(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError("internal_error", "Something went wrong inside Podpass. The request id finds it in the log.", {
    cause: error,
  });
}

/** The body of an error, in the dialect's shape. */
export function errorBody(error: AppError, requestId: string, dialect: Dialect) {
  const { status } = error.answer;
  const { message, param, code } = error;
  const type = typeOf(status, dialect);
  if (dialect === "anthropic") return { type: "error", error: { type, message }, request_id: requestId };
  return { error: { message, type, param, code } };
}

/** Headers that each answer of ours carries. `request-id` is what Anthropic's SDK reads. */
export function idHeaders(requestId: string, dialect: Dialect): Record<string, string> {
  return dialect === "anthropic"
    ? { "x-request-id": requestId, "request-id": requestId }
    : { "x-request-id": requestId };
}

/** A whole answer for a refusal: status, headers and JSON body from the catalogue, with `more` headers besides. */
export function errorAnswer(
  error: AppError,
  requestId: string,
  dialect: Dialect,
  more: Readonly<Record<string, string>> = {},
): Answer {
  const { status, retry } = error.answer;
  const body = Buffer.from(JSON.stringify(errorBody(error, requestId, dialect)));
  const headers: Record<string, string> = {
    ...idHeaders(requestId, dialect),
    ...more,
    "content-type": "application/json",
    "content-length": String(body.length),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  };
  if (status === 401) headers["www-authenticate"] = "Bearer";
  // SDKs repeat 408, 409, 429 and every 5xx on their own: say where that is in vain.
  if (!retry && (status === 409 || status === 429)) headers["x-should-retry"] = "false";
  if (error instanceof PodUnavailable) headers["x-podpass-pod-state"] = error.state;
  if (error.retryAfterSeconds !== undefined)
    headers["retry-after"] = String(Math.max(1, Math.ceil(error.retryAfterSeconds)));
  return { status, headers, body };
}

/** The last event of a stream that failed after its headers were out. No `[DONE]` follows. */
export function errorEvent(error: AppError, requestId: string, dialect: Dialect): Buffer {
  return encodeEvent(errorBody(error, requestId, dialect), dialect === "anthropic" ? "error" : undefined);
}
