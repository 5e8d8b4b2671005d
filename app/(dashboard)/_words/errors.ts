import type { ErrorCode } from "@/lib/errors";

type Words = {
  /** Behind the status, in a row: "429 rate limit". */
  short: string;
  /** What it means and what to do, for whoever called. */
  meaning: string;
  retry: boolean;
};

/** What the refusals that programs meet mean to a person. One place for the request log and the Connect page. */
export const ERROR_WORDS: Partial<Record<ErrorCode, Words>> = {
  invalid_request: {
    short: "invalid request",
    meaning: "The request has the wrong shape. The answer's param names the field.",
    retry: false,
  },
  unsupported_parameter: {
    short: "parameter refused",
    meaning: "A field is not allowed here. The answer's param names it; leave it out.",
    retry: false,
  },
  context_length_exceeded: {
    short: "too long",
    meaning: "Prompt and answer together don't fit the model. Shorten the prompt or ask for fewer tokens.",
    retry: false,
  },
  invalid_api_key: {
    short: "invalid key",
    meaning: "No such secret, or more than one was sent. Send exactly one, as Authorization: Bearer.",
    retry: false,
  },
  key_expired: { short: "key expired", meaning: "The key has expired. Create a new one.", retry: false },
  key_revoked: { short: "key revoked", meaning: "The key was revoked. Create a new one.", retry: false },
  key_rotated: {
    short: "secret rotated",
    meaning: "The key was rotated and this secret's time is over. Use the new one.",
    retry: false,
  },
  key_disabled: {
    short: "key disabled",
    meaning: "The key or its member is disabled. Enable it under Keys.",
    retry: false,
  },
  model_not_allowed: {
    short: "model not allowed",
    meaning: "The key is limited to other models. Its limits are on the key's page.",
    retry: false,
  },
  ip_not_allowed: {
    short: "network not allowed",
    meaning: "The call came from an address outside the key's networks.",
    retry: false,
  },
  model_not_found: {
    short: "no such model",
    meaning: "No pod serves this model. Connect lists those that are.",
    retry: false,
  },
  request_too_large: { short: "too large", meaning: "The body is larger than Podpass takes.", retry: false },
  rate_limit_exceeded: {
    short: "rate limit",
    meaning: "Too much in this minute, or too many at once. Wait as long as retry-after says.",
    retry: true,
  },
  insufficient_quota: {
    short: "quota used up",
    meaning: "The month's tokens are used up. They start again on the 1st, 00:00 UTC.",
    retry: false,
  },
  budget_exhausted: {
    short: "budget used up",
    meaning: "The month's GPU dollars are used up. They start again on the 1st, 00:00 UTC.",
    retry: false,
  },
  internal_error: {
    short: "our error",
    meaning: "Something failed inside Podpass. The request id finds it in the log.",
    retry: true,
  },
  pod_error: {
    short: "pod error",
    meaning: "The pod failed or closed the connection. It counts as one request. Sending it again is safe.",
    retry: true,
  },
  pod_unavailable: { short: "no pod", meaning: "No pod was serving. Its state is in the sidebar.", retry: true },
  pod_timeout: {
    short: "pod timeout",
    meaning: "The pod took too long. Ask for fewer tokens, or try when it is less busy.",
    retry: true,
  },
  queue_full: { short: "queue full", meaning: "Too many requests waited for the pod. Try again shortly.", retry: true },
  database_unavailable: { short: "database away", meaning: "Podpass could not reach its database.", retry: true },
  usage_unavailable: {
    short: "usage not recorded",
    meaning: "Usage could not be written down, so the call was not made. Tell an admin: the disk may be full.",
    retry: true,
  },
  shutting_down: { short: "restarting", meaning: "Podpass was restarting. Try again in a moment.", retry: true },
  client_closed: {
    short: "client left",
    meaning: "The client closed the connection before the answer was complete.",
    retry: true,
  },
};

/** Words for a code out of a row, also for one that a later version wrote. */
export function errorWords(code: string | null): Words | null {
  if (code === null) return null;
  return ERROR_WORDS[code as ErrorCode] ?? { short: code.replaceAll("_", " "), meaning: "", retry: false };
}
