import type { Actor } from "@/lib/auth/member";
import type { KeyDetail } from "@/lib/keys/queries";
import { listRequests } from "@/lib/usage/requests/queries";
import { outgoingSecret } from "../key-facts";

/** A secret's last use is written down at most once a minute: what is newer stands in the request log alone. */
const LAG_MS = 2 * 60_000;

/** A key's secrets, the outgoing one with its last use to the second: somebody may be about to end it. */
export async function secretsWithUse(actor: Actor, key: KeyDetail, now: Date): Promise<KeyDetail["secrets"]> {
  const outgoing = outgoingSecret(key, now);
  if (!outgoing) return key.secrets;
  const recent = { keyIds: [key.id], secretIds: [outgoing.id], from: new Date(now.getTime() - LAG_MS) };
  const [last] = (await listRequests(actor, recent, null, 1)).rows;
  if (!last || (outgoing.lastUsedAt && outgoing.lastUsedAt >= last.at)) return key.secrets;
  return key.secrets.map((secret) => (secret.id === outgoing.id ? { ...secret, lastUsedAt: last.at } : secret));
}
