import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { AppError } from "../errors";

const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

/**
 * A pod's key as it is stored: format, nonce, tag, then AES-256-GCM under the derived key. The pod's id is authenticated
 * with it, so a sealed key copied to another pod's row opens nothing.
 */
export function sealPodKey(podId: string, podKey: string, sealingKey: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", sealingKey, nonce).setAAD(Buffer.from(podId));
  const sealed = Buffer.concat([cipher.update(podKey, "utf8"), cipher.final()]);
  return Buffer.concat([Buffer.of(FORMAT), nonce, cipher.getAuthTag(), sealed]);
}

/** Opens what `sealPodKey` made. Throws `internal_error` where it can't: another PODPASS_SECRET, another pod, a damaged row. */
export function openPodKey(podId: string, sealed: Uint8Array, sealingKey: Uint8Array): string {
  try {
    if (sealed[0] !== FORMAT || sealed.length <= HEAD_BYTES) throw new Error("not a sealed key");
    const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", sealingKey, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(podId)).setAuthTag(sealed.subarray(1 + NONCE_BYTES, HEAD_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES)), decipher.final()]).toString("utf8");
  } catch (cause) {
    const message = "The pod's key cannot be opened with this PODPASS_SECRET. Enter the key again.";
    throw new AppError("internal_error", message, { cause });
  }
}
