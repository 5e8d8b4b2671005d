import { randomUUID } from "node:crypto";
import type pg from "pg";
import { digestOf, hintOf, mintSecret, PEPPER_VERSION } from "@/lib/keys/secret";
import { sealPodKey } from "@/lib/pods/seal";
import { deriveKey } from "@/lib/secrets";
import { newRequestId } from "@/lib/usage/request-id";

type Limits = { rpm?: number; tpm?: number; concurrency?: number; monthlyTokens?: number; monthlyMicroUsd?: number };

type KeyFields = {
  /** Of a member that is there already; without it, a new one. */
  memberId?: string;
  models?: string[];
  cidrs?: string[];
  expiresAt?: Date;
  limits?: Limits;
  memberLimits?: Limits;
};

const columnsOf = ({ rpm, tpm, concurrency, monthlyTokens, monthlyMicroUsd }: Limits = {}) =>
  [rpm, tpm, concurrency, monthlyTokens, monthlyMicroUsd].map((limit) => limit ?? null);

/** Pods and keys, made in SQL: these suites are about what happens behind the credential. `root` is PODPASS_SECRET. */
export function createKeySeeds(database: pg.Pool, root: Uint8Array | undefined) {
  const pepper = deriveKey(root, "pepper");

  /** The only pod there is: what other suites left in the database is not asked. */
  async function addPod(url: string, podKey: string, models: string[]) {
    const podId = newRequestId(Date.now());
    const sealed = sealPodKey(podId, podKey, deriveKey(root, "podKey"));
    await database.query("UPDATE pods SET removed_at = now() WHERE removed_at IS NULL");
    await database.query(
      "INSERT INTO pods (id, name, base_url, sealed_key, models, state) VALUES ($1, $2, $3, $4, $5, 'serving')",
      [podId, `rig-${randomUUID()}`, url, sealed, models],
    );
    return podId;
  }

  /** A key with a live secret. */
  async function issueKey(fields: KeyFields = {}) {
    const [newMemberId, keyId] = [0, 1].map(() => newRequestId(Date.now()));
    const memberId = fields.memberId ?? newMemberId ?? "";
    await database.query(
      `INSERT INTO users (id, email, name, rpm, tpm, concurrency, monthly_tokens, monthly_micro_usd)
        VALUES ($1, $2, 'Rig', $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO NOTHING`,
      [memberId, `${randomUUID()}@example.org`, ...columnsOf(fields.memberLimits)],
    );
    await database.query(
      `INSERT INTO api_keys (id, member_id, name, models, cidrs, expires_at, rpm, tpm, concurrency, monthly_tokens, monthly_micro_usd)
        VALUES ($1, $2, 'rig', $3, $4, $5, $6, $7, $8, $9, $10)`,
      [keyId, memberId, fields.models ?? [], fields.cidrs ?? [], fields.expiresAt ?? null, ...columnsOf(fields.limits)],
    );
    return { keyId: keyId ?? "", memberId, secret: await insertSecret(keyId ?? "") };
  }

  /** A newer secret of a key, as after a rotation; the earlier one works for another hour. */
  async function addSecret(keyId: string) {
    await database.query(
      "UPDATE api_key_secrets SET expires_at = now() + interval '1 hour' WHERE api_key_id = $1 AND expires_at IS NULL",
      [keyId],
    );
    return insertSecret(keyId);
  }

  async function insertSecret(keyId: string) {
    const secret = mintSecret();
    await database.query(
      "INSERT INTO api_key_secrets (id, api_key_id, hash, pepper_version, hint) VALUES ($1, $2, $3, $4, $5)",
      [newRequestId(Date.now()), keyId, digestOf(secret, pepper), PEPPER_VERSION, hintOf(secret)],
    );
    return secret;
  }

  return { addPod, issueKey, addSecret };
}
