import { randomUUID } from "node:crypto";
import type { Actor } from "@/lib/auth/member";

/** Whoever can run a command here has the database and the root secret, so they act with an owner's rights and beyond the policy. */
export function operator(): Actor {
  return { kind: "cli", memberId: null, role: "OWNER", ip: null, requestId: randomUUID() };
}
