/**
 * Every refusal a client or a person can meet: its status, and whether repeating the same call may help.
 * `retry: false` goes out as `x-should-retry: false`, or SDKs would repeat a 409 or a 429 that cannot succeed.
 */
const CATALOGUE = {
  invalid_request: { status: 400, retry: false },
  unsupported_parameter: { status: 400, retry: false },
  context_length_exceeded: { status: 400, retry: false },
  invalid_api_key: { status: 401, retry: false },
  key_expired: { status: 401, retry: false },
  key_revoked: { status: 401, retry: false },
  key_rotated: { status: 401, retry: false },
  key_disabled: { status: 401, retry: false },
  session_ended: { status: 401, retry: false },
  forbidden: { status: 403, retry: false },
  model_not_allowed: { status: 403, retry: false },
  ip_not_allowed: { status: 403, retry: false },
  not_found: { status: 404, retry: false },
  model_not_found: { status: 404, retry: false },
  method_not_allowed: { status: 405, retry: false },
  request_timeout: { status: 408, retry: true },
  conflict: { status: 409, retry: false },
  request_too_large: { status: 413, retry: false },
  unsupported_media_type: { status: 415, retry: false },
  expectation_failed: { status: 417, retry: false },
  rate_limit_exceeded: { status: 429, retry: true },
  insufficient_quota: { status: 429, retry: false },
  budget_exhausted: { status: 429, retry: false },
  headers_too_large: { status: 431, retry: false },
  client_closed: { status: 499, retry: false },
  internal_error: { status: 500, retry: true },
  pod_error: { status: 502, retry: true },
  pod_unavailable: { status: 503, retry: true },
  queue_full: { status: 503, retry: true },
  database_unavailable: { status: 503, retry: true },
  usage_unavailable: { status: 503, retry: true },
  shutting_down: { status: 503, retry: true },
  pod_timeout: { status: 504, retry: true },
} as const;

export type ErrorCode = keyof typeof CATALOGUE;

export const ERROR_CODES = Object.keys(CATALOGUE) as readonly ErrorCode[];

type Details = ErrorOptions & {
  /** The field at fault, as the caller wrote it. */
  param?: string | null;
  /** Whole seconds after which the same call has a chance. */
  retryAfterSeconds?: number;
};

/** A refusal Podpass chose to make: `message` is for whoever receives it, `cause` for the log alone. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly param: string | null;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, details: Details = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.param = details.param ?? null;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }

  /** The status it answers with, and whether repeating may help. */
  get answer() {
    return CATALOGUE[this.code];
  }
}
