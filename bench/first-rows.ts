// `node first-rows.mjs`: a member, a pod and a key in an empty database, made as the product makes them. Prints the secret as JSON.
import { randomUUID } from "node:crypto";
import { asProven } from "@/lib/auth/member";
import { ensureOwner } from "@/lib/auth/owner";
import { sealSessionId } from "@/lib/auth/session-cookie";
import { beginSession } from "@/lib/auth/sessions";
import { db } from "@/lib/db";
import { createKey } from "@/lib/keys/mutations";
import { ensureFirstPod } from "@/lib/pods/mutations";
import { POD_KEY } from "./protocol";

/** What is printed. `session` is the value of a browser's cookie. */
export type FirstRows = { keyId: string; secret: string; session: string };

const EMAIL = "owner@example.org";

async function main(): Promise<FirstRows> {
  const now = new Date();
  await ensureOwner({ email: EMAIL, password: randomUUID() }, now);
  await ensureFirstPod({ baseUrl: `http://127.0.0.1:${process.env.UPSTREAM_PORT}`, apiKey: POD_KEY }, now);
  const owner = await db.user.findUniqueOrThrow({ where: { email: EMAIL }, select: { id: true } });
  const actor = {
    kind: "member" as const,
    memberId: asProven(owner.id),
    role: "OWNER" as const,
    ip: null,
    requestId: randomUUID(),
  };
  // Limits that are counted and never reached.
  const limits = { rpm: 2_000_000_000, tpm: 2_000_000_000, concurrency: 10_000 };
  const key = await createKey(
    actor,
    { name: "bench", memberId: owner.id, expires: { kind: "default" }, ...limits },
    now,
  );
  const sessionId = await beginSession(db, owner.id, { ip: null, userAgent: "bench" }, now);
  return { keyId: key.keyId, secret: key.secret, session: await sealSessionId(sessionId) };
}

main().then(
  (rows) => process.stdout.write(JSON.stringify(rows), () => process.exit(0)),
  (error: unknown) => process.stderr.write(`${error instanceof Error ? error.stack : error}\n`, () => process.exit(1)),
);
