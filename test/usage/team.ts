import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { type Actor, asProven, type Role } from "@/lib/auth/member";

/** A member with two keys, as rows and as one who acts. */
export type TestMember = { id: string; email: string; keyIds: [string, string]; actor: Actor };

/** Makes a random member with two keys. */
export async function addMember(database: Pool, role: Role = "MEMBER"): Promise<TestMember> {
  const id = randomUUID();
  const email = `${id}@example.org`;
  const keyIds: [string, string] = [randomUUID(), randomUUID()];
  await database.query("INSERT INTO users (id, email, name, role) VALUES ($1, $2, 'Somebody', $3::role)", [
    id,
    email,
    role,
  ]);
  await database.query("INSERT INTO api_keys (id, member_id, name) VALUES ($2, $1, 'laptop'), ($3, $1, 'server')", [
    id,
    ...keyIds,
  ]);
  return { id, email, keyIds, actor: { kind: "member", memberId: asProven(id), role, ip: null, requestId: "test" } };
}

/** Makes a random pod and returns its id. */
export async function addPod(database: Pool, name = "pod"): Promise<string> {
  const id = randomUUID();
  await database.query("INSERT INTO pods (id, name, base_url) VALUES ($1, $2, 'http://127.0.0.1:8000')", [
    id,
    `${name} ${id}`,
  ]);
  return id;
}
