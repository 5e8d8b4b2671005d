import { randomUUID } from "node:crypto";
import type { Actor } from "./member";

/** Podpass itself, where nobody who has proven who they are stands behind an action. */
export function systemActor(ip: string | null, requestId: string = randomUUID()): Actor {
  return { kind: "system", memberId: null, role: "OWNER", ip, requestId };
}
