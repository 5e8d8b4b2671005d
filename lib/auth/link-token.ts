import { createHmac, randomBytes } from "node:crypto";
import { env } from "../env";
import { deriveKey } from "../secrets";

/** A token for an invite or reset link: 32 random bytes in base64url. */
export function mintLinkToken(): string {
  return randomBytes(32).toString("base64url");
}

/** What is stored of it. Each kind of link has its own digest, so an invite's token never opens a reset. */
export function linkTokenHash(kind: "invite" | "reset", token: string): Uint8Array<ArrayBuffer> {
  const digest = createHmac("sha256", deriveKey(env.PODPASS_SECRET, "linkToken")).update(`${kind}:${token}`).digest();
  return new Uint8Array(digest);
}

/** The link to hand out; always at the address people use. */
export function linkFor(kind: "invite" | "reset", token: string): string {
  return `${env.PUBLIC_URL}/${kind}/${token}`;
}
