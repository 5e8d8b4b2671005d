import type { CallerFacts } from "./caller-facts";

type DeadCode = "key_expired" | "key_revoked" | "key_rotated" | "key_disabled";

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly code: DeadCode; readonly message: string };

const LIVE: Verdict = Object.freeze({ ok: true });

/**
 * Whether a secret opens its key at this moment of the database's clock, and if not, why and since when. The message is
 * for the secret's holder, who proved to be one. Worked out anew on every request: only absolute times decide.
 */
export function verdictOn(facts: CallerFacts, dbNowMs: number): Verdict {
  // What was ended by hand is over, whatever the clock says; only expiries wait for their time.
  if (facts.keyRevokedAtMs !== null) {
    return dead("key_revoked", `This key was revoked on ${utc(facts.keyRevokedAtMs)}. Create a new key to go on.`);
  }
  if (facts.keyExpiresAtMs !== null && dbNowMs >= facts.keyExpiresAtMs) {
    return dead("key_expired", `This key expired on ${utc(facts.keyExpiresAtMs)}. Create a new key to go on.`);
  }
  if (facts.secretRevokedAtMs !== null || (facts.secretExpiresAtMs !== null && dbNowMs >= facts.secretExpiresAtMs)) {
    return deadSecret(facts, Math.min(facts.secretRevokedAtMs ?? Infinity, facts.secretExpiresAtMs ?? Infinity));
  }
  if (facts.keyDisabledAtMs !== null) {
    const since = utc(facts.keyDisabledAtMs);
    return dead(
      "key_disabled",
      `This key has been disabled since ${since}. Its owner or an admin can enable it again.`,
    );
  }
  // Neutral: that its owner was locked out is not for whoever holds the key to read.
  if (facts.memberDisabledAtMs !== null) {
    return dead("key_disabled", "This key is disabled. Ask an admin of your team.");
  }
  return LIVE;
}

function deadSecret(facts: CallerFacts, endedAtMs: number): Verdict {
  if (facts.secretReplacedAtMs !== null) {
    const ended = `This key was rotated on ${utc(facts.secretReplacedAtMs)} and its old secret ended on ${utc(endedAtMs)}.`;
    return dead("key_rotated", `${ended} Use the key's new secret.`);
  }
  if (facts.secretRevokedAtMs !== null) {
    return dead("key_revoked", `This secret was revoked on ${utc(endedAtMs)}. Use another secret of the key.`);
  }
  return dead("key_expired", `This secret expired on ${utc(endedAtMs)}. Rotate the key to get a new one.`);
}

function dead(code: DeadCode, message: string): Verdict {
  return { ok: false, code, message };
}

/** `2026-11-22 14:05 UTC`: callers are programs and people in any time zone. */
function utc(ms: number) {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
