import { AppError } from "@/lib/errors";
import type { HeaderLines } from "@/lib/http/plain-request";
import { looksLikeSecret } from "@/lib/keys/secret";
import type { Dialect } from "./routes";

const BEARER = /^bearer +([!-~]+)$/i;
const UNKNOWN =
  "This is not a valid API key. Check that the whole key was copied, and that it belongs to this address.";
const NONE = "No API key. Send it as `Authorization: Bearer sk-vllm-…`.";

/** What every string that is no secret of ours gets, whatever is wrong with it: one body, one status. */
export function unknownKey() {
  return new AppError("invalid_api_key", UNKNOWN);
}

/**
 * The one secret a request carries: a bearer token, or on Anthropic's routes `x-api-key`, as its SDK sends it.
 * Shape and checksum are tested here, before any hash or query. Throws `invalid_api_key`.
 */
export function credentialOf(headers: HeaderLines, dialect: Dialect): string {
  const bearers = headers.authorization ?? [];
  const keys = dialect === "anthropic" ? (headers["x-api-key"] ?? []) : [];
  if (bearers.length + keys.length === 0) throw new AppError("invalid_api_key", NONE);
  if (bearers.length + keys.length > 1) {
    throw new AppError("invalid_api_key", "More than one API key was sent. Send exactly one.");
  }
  const secret = keys[0]?.trim() ?? BEARER.exec(bearers[0] ?? "")?.[1];
  if (secret === undefined || !looksLikeSecret(secret)) throw unknownKey();
  return secret;
}
