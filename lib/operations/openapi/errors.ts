import { AppError, ERROR_CODES, type ErrorCode } from "@/lib/errors";
import { errorBody } from "@/lib/gateway/errors";
import type { Dialect } from "@/lib/gateway/routes";

/** When the API answers with each code of the catalogue; null for those that only pages meet, or that nobody is left to read. */
const WHEN: Readonly<Record<ErrorCode, string | null>> = {
  invalid_request: "The body is no JSON object, or a field has the wrong shape. `param` names it.",
  unsupported_parameter: "A field that is not available here, or not allowed on any pod. `param` names it.",
  context_length_exceeded: "The conversation is longer than the model's context.",
  invalid_api_key: "No key, more than one, or a string that is no key of this address.",
  key_expired: "The key was real and has expired.",
  key_revoked: "The key was real and was revoked.",
  key_rotated: "The secret was replaced by a newer one and its grace period is over.",
  key_disabled: "The key, or its member, is disabled.",
  session_ended: null,
  forbidden: null,
  model_not_allowed: "The key may not use that model.",
  ip_not_allowed: "The key may not be used from that network.",
  not_found: "There is no such route.",
  model_not_found: "No pod serves that model.",
  method_not_allowed: null,
  request_timeout: "The request did not arrive in time.",
  conflict: null,
  request_too_large: "The body is larger than the route takes.",
  unsupported_media_type: "The content type is not the route's, or the body is compressed.",
  expectation_failed: "An `Expect` other than `100-continue`.",
  rate_limit_exceeded:
    "A limit on requests, tokens or parallel calls is reached for now, or too many keys from your network open nothing.",
  insufficient_quota: "The month's tokens are used up.",
  budget_exhausted: "The month's GPU dollars are used up.",
  headers_too_large: "The headers are larger than 16 KiB.",
  client_closed: null,
  internal_error: "Something went wrong inside Podpass. The request id finds it in the log.",
  pod_error: "The pod failed, or broke off before its answer was complete.",
  pod_unavailable:
    "No pod can serve at this moment: it is loading, asleep, unreachable, failing, or refuses Podpass' key.",
  queue_full: "Too many requests wait for the pod, or this one waited too long.",
  database_unavailable: "Podpass cannot reach its database. Never said as 401.",
  usage_unavailable: "Usage can't be recorded at this moment, and nothing runs unrecorded.",
  shutting_down: "Podpass is restarting.",
  pod_timeout: "The pod took too long.",
};

const NAME_OF: Readonly<Record<Dialect, string>> = { openai: "Error", anthropic: "AnthropicError" };
const SAMPLE_ID = "019a0000-0000-7000-8000-000000000000";
const ON_POST = [400, 404, 413, 415, 417, 502, 504];
const EVERYWHERE = [401, 403, 408, 429, 431, 500, 503];

const codes = ERROR_CODES.filter((code) => WHEN[code] !== null);
const statusOf = (code: ErrorCode) => new AppError(code, "").answer.status;
const withStatus = (status: number) => codes.filter((code) => statusOf(code) === status);

export const ERROR_SCHEMAS = {
  Error: {
    type: "object",
    required: ["error"],
    properties: {
      error: {
        type: "object",
        required: ["message", "type", "param", "code"],
        properties: {
          message: { type: "string", description: "What happened, and what to do." },
          type: { type: "string" },
          param: { type: ["string", "null"], description: "The field at fault, as it was sent." },
          code: { type: "string", enum: [...codes, "method_not_allowed"] },
        },
      },
    },
  },
  AnthropicError: {
    type: "object",
    required: ["type", "error", "request_id"],
    properties: {
      type: { const: "error" },
      error: {
        type: "object",
        required: ["type", "message"],
        properties: { type: { type: "string" }, message: { type: "string" } },
      },
      request_id: { type: "string", format: "uuid" },
    },
  },
  Ready: {
    type: "object",
    required: ["status"],
    properties: {
      status: { const: "ok" },
      warnings: { type: "array", items: { type: "string" }, minItems: 1 },
    },
  },
  Unready: {
    type: "object",
    required: ["status", "reasons"],
    properties: {
      status: { const: "unavailable" },
      reasons: { type: "array", items: { type: "string" }, minItems: 1 },
    },
  },
} as const;

/** Every error answer once, for both dialects, with an example for each code. */
export function errorResponses() {
  const dialects: Dialect[] = ["openai", "anthropic"];
  const statuses = [...new Set(codes.map(statusOf))];
  return Object.fromEntries(
    dialects.flatMap((dialect) => statuses.map((status) => [nameOf(status, dialect), responseOf(status, dialect)])),
  );
}

/** References to the errors that a route can answer with, by status. */
export function errorsOf(method: "GET" | "POST", mayLackModel: boolean, dialect: Dialect) {
  const own = method === "POST" ? ON_POST : mayLackModel ? [404] : [];
  const statuses = [...EVERYWHERE, ...own].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => [String(status), { $ref: `#/components/responses/${nameOf(status, dialect)}` }]),
  );
}

const nameOf = (status: number, dialect: Dialect) => `${NAME_OF[dialect]}${status}`;

function responseOf(status: number, dialect: Dialect) {
  const ours = withStatus(status);
  const examples = ours.map((code) => {
    const when = WHEN[code] ?? "";
    const value = errorBody(new AppError(code, when.replace(/ `param` names it\./, "")), SAMPLE_ID, dialect);
    return [code, { summary: when, value }];
  });
  const retries = ours.some((code) => new AppError(code, "").answer.retry);
  return {
    description: ours.map((code) => `\`${code}\`: ${WHEN[code]}`).join("\n\n"),
    headers: {
      "x-request-id": { $ref: "#/components/headers/x-request-id" },
      ...(retries && { "retry-after": { $ref: "#/components/headers/retry-after" } }),
      ...(status === 503 && { "x-podpass-pod-state": { $ref: "#/components/headers/x-podpass-pod-state" } }),
      ...(status === 429 && { "x-should-retry": { $ref: "#/components/headers/x-should-retry" } }),
    },
    content: {
      "application/json": {
        schema: { $ref: `#/components/schemas/${NAME_OF[dialect]}` },
        examples: Object.fromEntries(examples),
      },
    },
  };
}
