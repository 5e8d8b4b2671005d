import { randomUUID } from "node:crypto";
import { env } from "@/lib/env";
import { sealPodKey } from "@/lib/pods/seal";
import { deriveKey } from "@/lib/secrets";
import { newRequestId } from "@/lib/usage/request-id";
import type { GatewayRig } from "./gateway";

type PodFields = { key: string; models: string[]; state?: string; holdSeconds?: number; weight?: number };

/** A further pod beside the rig's own; the gateway has read it when this resolves. */
export async function addRigPod({ database, gateway }: GatewayRig, url: string, fields: PodFields) {
  const podId = newRequestId(Date.now());
  const { key, models, state = "serving", holdSeconds = null, weight = 1 } = fields;
  await database.query(
    `INSERT INTO pods (id, name, base_url, sealed_key, models, state, state_since, hold_seconds, weight)
      VALUES ($1, $2, $3, $4, $5, $6, now(), $7, $8)`,
    [podId, `rig-${randomUUID()}`, url, sealed(podId, key), models, state, holdSeconds, weight],
  );
  await gateway.refresh();
  return podId;
}

/** Stores another key for a pod, as replacing it does: the one before stays beside it. */
export async function rekey({ database }: GatewayRig, podId: string, key: string) {
  await database.query(
    "UPDATE pods SET previous_sealed_key = sealed_key, sealed_key = $2, key_changed_at = now() WHERE id = $1",
    [podId, sealed(podId, key)],
  );
}

/** Writes columns of a pod; the gateway has read them when this resolves. */
export async function setPod({ database, gateway }: GatewayRig, podId: string, columns: Record<string, unknown>) {
  const names = Object.keys(columns);
  const assignments = names.map((name, index) => `${name} = $${index + 2}`).join(", ");
  await database.query(`UPDATE pods SET ${assignments} WHERE id = $1`, [podId, ...Object.values(columns)]);
  await gateway.refresh();
}

function sealed(podId: string, key: string) {
  return sealPodKey(podId, key, deriveKey(env.PODPASS_SECRET, "podKey"));
}
