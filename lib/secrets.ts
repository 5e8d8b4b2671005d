import { hkdfSync } from "node:crypto";
import { AppError } from "./errors";

/** One label per purpose: no derived key has two uses. A label never changes its meaning; a new purpose gets a new one. */
const LABELS = {
  session: "podpass/session/1",
  pepper: "podpass/pepper/1",
  podKey: "podpass/pod-key/1",
  podHook: "podpass/pod-hook/1",
  serverActions: "podpass/server-actions/1",
  linkToken: "podpass/link-token/1",
  throttleSubject: "podpass/throttle-subject/1",
} as const;

export type Purpose = keyof typeof LABELS;

/** 32 bytes derived from the root secret for one purpose with HKDF-SHA256 (RFC 5869). The same inputs always give the same key. */
export function deriveKey(rootSecret: Uint8Array | undefined, purpose: Purpose): Buffer {
  if (rootSecret === undefined) throw new AppError("internal_error", "PODPASS_SECRET is not set.");
  return Buffer.from(hkdfSync("sha256", rootSecret, Buffer.alloc(0), LABELS[purpose], 32));
}
