import type pg from "pg";
import { asProven, type Role } from "@/lib/auth/member";
import { AppError } from "@/lib/errors";
import type { CallerFacts, Limits, LoadedCallers } from "@/lib/keys/caller-facts";
import { postgres } from "@/lib/postgres";

/** An answer later than this counts as no answer. Waiting for a connection has a deadline of its own, in the pool. */
const DEADLINE_MS = 3_000;

/** The connection broke, not the database: the same question on another connection has a chance. */
const BROKEN_CONNECTION = /^(?:08\w{3}|57P0[1-3]|ECONNRESET|EPIPE)$/;

/** The statement's name is unknown or taken: a transaction pooler gave us somebody else's session. */
const LOST_NAME = /^(?:26000|42P05)$/;

let areNamesKept = true;

/**
 * Asks once, and once more where only the connection broke: every question here merely reads.
 * Whatever the reason for having no answer, it is `database_unavailable`, never an empty result.
 */
async function ask<Row extends pg.QueryResultRow>(
  pool: pg.Pool | undefined,
  name: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  for (let attempt = 1; ; attempt += 1) {
    const query = { text, values, query_timeout: DEADLINE_MS, ...(areNamesKept && { name }) };
    try {
      return (await (pool ?? postgres()).query<Row>(query)).rows;
    } catch (cause) {
      const code = codeOf(cause);
      if (LOST_NAME.test(code)) areNamesKept = false;
      if (attempt === 1 && (LOST_NAME.test(code) || isBrokenConnection(cause, code))) continue;
      throw new AppError("database_unavailable", "Podpass cannot reach its database right now. Try again shortly.", {
        retryAfterSeconds: 5,
        cause,
      });
    }
  }
}

function codeOf(cause: unknown) {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}

function isBrokenConnection(cause: unknown, code: string) {
  if (BROKEN_CONNECTION.test(code)) return true;
  // The driver's own words for a socket that closed under a question; it gives them no code.
  return cause instanceof Error && /^Connection terminated(?: unexpectedly)?$/.test(cause.message);
}

const limitsOf = (table: string, prefix: string) =>
  ["rpm", "tpm", "concurrency", "monthly_tokens", "monthly_micro_usd"]
    .map((column) => `${table}.${column} AS ${prefix}_${column}`)
    .join(", ");

const ms = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;

// The epoch stands in the same statement, hence in the same snapshot: the facts contain exactly the changes up to it.
// It is also the one row that is always there, so that "no such secret" comes with an epoch too.
const LOAD_CALLERS = `
  SELECT e.epoch, s.hash, s.id AS secret_id, k.id AS key_id, u.id AS member_id, k.name AS key_name, u.role AS member_role,
    ${ms("s.expires_at")} AS secret_expires_at, ${ms("s.revoked_at")} AS secret_revoked_at,
    (SELECT ${ms("min(newer.created_at)")} FROM api_key_secrets newer
      WHERE newer.api_key_id = s.api_key_id AND (newer.created_at, newer.id) > (s.created_at, s.id)) AS secret_replaced_at,
    ${ms("k.expires_at")} AS key_expires_at, ${ms("k.revoked_at")} AS key_revoked_at, ${ms("k.disabled_at")} AS key_disabled_at,
    ${ms("u.disabled_at")} AS member_disabled_at, k.models, k.cidrs, ${limitsOf("k", "key")}, ${limitsOf("u", "member")}
  FROM key_epochs e
  LEFT JOIN (api_key_secrets s JOIN api_keys k ON k.id = s.api_key_id JOIN users u ON u.id = k.member_id)
    ON s.hash = ANY($1::bytea[])
  WHERE e.id = 1`;

type LimitRow<Prefix extends string> = {
  [column in `${Prefix}_${"rpm" | "tpm" | "concurrency" | "monthly_tokens" | "monthly_micro_usd"}`]: number | null;
};

type CallerRow = LimitRow<"key"> &
  LimitRow<"member"> & {
    epoch: number;
    /** Null in the one row that says: none of these secrets exists. */
    hash: Buffer | null;
    secret_id: string;
    key_id: string;
    member_id: string;
    key_name: string;
    member_role: Role;
    secret_expires_at: number | null;
    secret_revoked_at: number | null;
    secret_replaced_at: number | null;
    key_expires_at: number | null;
    key_revoked_at: number | null;
    key_disabled_at: number | null;
    member_disabled_at: number | null;
    models: string[] | null;
    cidrs: string[] | null;
  };

/** The callers behind these digests, in one statement. Throws `database_unavailable`; a digest that is not in `found` is unknown. */
export async function loadCallers(digests: readonly Buffer[], pool?: pg.Pool): Promise<LoadedCallers> {
  const loadedAt = performance.now();
  const rows = await ask<CallerRow>(pool, "podpass_load_callers", LOAD_CALLERS, [digests]);
  const epoch = rows[0]?.epoch;
  if (epoch === undefined) {
    throw new AppError("database_unavailable", "The database is not set up yet.", { retryAfterSeconds: 5 });
  }
  const found = new Map<string, CallerFacts>();
  for (const row of rows) if (row.hash) found.set(row.hash.toString("latin1"), factsOf(row, loadedAt));
  return { epoch, found };
}

/** The caller behind one digest; null means that a healthy database does not know it. Throws `database_unavailable`. */
export async function loadCaller(digest: Buffer, pool?: pg.Pool): Promise<CallerFacts | null> {
  const { found } = await loadCallers([digest], pool);
  return found.get(digest.toString("latin1")) ?? null;
}

/**
 * The digest of a key's current secret, if the key is this member's; null for anybody else's and for none. Whether it still
 * opens anything is for whoever looks the digest up. Throws `database_unavailable`.
 */
export async function currentDigest(keyId: string, memberId: string, pool?: pg.Pool): Promise<Buffer | null> {
  const text = `SELECT s.hash FROM api_keys k JOIN api_key_secrets s ON s.api_key_id = k.id
    WHERE k.id = $1 AND k.member_id = $2 ORDER BY s.created_at DESC, s.id DESC LIMIT 1`;
  const [row] = await ask<{ hash: Buffer }>(pool, "podpass_current_digest", text, [keyId, memberId]);
  return row?.hash ?? null;
}

function factsOf(row: CallerRow, loadedAt: number): CallerFacts {
  return Object.freeze({
    keyId: row.key_id,
    secretId: row.secret_id,
    memberId: asProven(row.member_id),
    keyName: row.key_name,
    memberRole: row.member_role,
    secretExpiresAtMs: row.secret_expires_at,
    secretRevokedAtMs: row.secret_revoked_at,
    secretReplacedAtMs: row.secret_replaced_at,
    keyExpiresAtMs: row.key_expires_at,
    keyRevokedAtMs: row.key_revoked_at,
    keyDisabledAtMs: row.key_disabled_at,
    memberDisabledAtMs: row.member_disabled_at,
    models: Object.freeze(row.models ?? []),
    cidrs: Object.freeze(row.cidrs ?? []),
    limits: Object.freeze({
      rpm: row.key_rpm,
      tpm: row.key_tpm,
      concurrency: row.key_concurrency,
      monthlyTokens: row.key_monthly_tokens,
      monthlyMicroUsd: row.key_monthly_micro_usd,
    }),
    memberLimits: Object.freeze({
      rpm: row.member_rpm,
      tpm: row.member_tpm,
      concurrency: row.member_concurrency,
      monthlyTokens: row.member_monthly_tokens,
      monthlyMicroUsd: row.member_monthly_micro_usd,
    }),
    epoch: row.epoch,
    loadedAt,
  });
}

/** A pod as the gateway needs it. The key is still sealed: opening it is the caller's business. Times are UTC ms. */
export type PodFacts = {
  readonly id: string;
  readonly name: string;
  readonly baseUrl: string;
  readonly sealedKey: Buffer | null;
  readonly models: readonly string[];
  readonly state: string;
  readonly pausedAtMs: number | null;
  readonly weight: number;
  readonly maxInFlight: number | null;
  readonly hourlyMicroUsd: number | null;
  /** The key before the present one, for a while after a change. */
  readonly previousSealedKey: Buffer | null;
  readonly behindProxyAtMs: number | null;
  readonly holdSeconds: number | null;
  readonly stateReason: string | null;
  readonly stateSinceMs: number | null;
  /** vLLM's own queue, as its metrics last told, and when that was. */
  readonly requestsWaiting: number | null;
  readonly gaugesAtMs: number | null;
  readonly patternsAllowedAtMs: number | null;
  readonly remoteMediaForbiddenAtMs: number | null;
  readonly simulatedAtMs: number | null;
  /** A call wakes it where it is asleep; and the last try failed, too lately for another. */
  readonly wakesWhenCalled: boolean;
  readonly wakeFailed: boolean;
};

const LOAD_PODS = `
  SELECT id, name, base_url AS "baseUrl", sealed_key AS "sealedKey", coalesce(models, '{}') AS models, state, weight,
    previous_sealed_key AS "previousSealedKey", ${ms("behind_proxy_at")} AS "behindProxyAtMs", hold_seconds AS "holdSeconds",
    state_reason AS "stateReason", ${ms("state_since")} AS "stateSinceMs", requests_waiting AS "requestsWaiting",
    ${ms("gauges_at")} AS "gaugesAtMs", max_in_flight AS "maxInFlight", hourly_micro_usd AS "hourlyMicroUsd", ${ms("paused_at")} AS "pausedAtMs",
    ${ms("patterns_allowed_at")} AS "patternsAllowedAtMs", ${ms("remote_media_forbidden_at")} AS "remoteMediaForbiddenAtMs",
    ${ms("simulated_at")} AS "simulatedAtMs", wake_when_called_at IS NOT NULL AS "wakesWhenCalled",
    coalesce(called = 'start' AND result <> 'done' AND called_at > now() - interval '30 seconds', false) AS "wakeFailed"
  FROM pods LEFT JOIN pod_powers ON pod_id = id WHERE removed_at IS NULL ORDER BY created_at, id`;

/** Every pod that was not removed, paused ones included, oldest first. Throws `database_unavailable`. */
export async function loadPods(pool?: pg.Pool): Promise<readonly PodFacts[]> {
  const pods = await ask<PodFacts>(pool, "podpass_load_pods", LOAD_PODS);
  for (const pod of pods) Object.freeze(pod.models);
  return Object.freeze(pods.map((pod) => Object.freeze(pod)));
}

/** What the policy says to the gateway. */
export type PolicyFacts = {
  readonly strictFieldsAtMs: number | null;
  /** Defaults of members who have no limit of their own. */
  readonly roleLimits: Readonly<Record<Role, Limits>>;
};

type PolicyRow = { strict_fields_at: number | null; role_limits: Partial<Record<Role, Partial<Limits>>> | null };

/** The team's policy. Throws `database_unavailable`. */
export async function loadPolicy(pool?: pg.Pool): Promise<PolicyFacts> {
  const text = `SELECT ${ms("strict_fields_at")} AS strict_fields_at, role_limits FROM policies WHERE id = 1`;
  const [row] = await ask<PolicyRow>(pool, "podpass_load_policy", text);
  const of = (role: Role) => completeLimits(row?.role_limits?.[role]);
  return Object.freeze({
    strictFieldsAtMs: row?.strict_fields_at ?? null,
    roleLimits: Object.freeze({ OWNER: of("OWNER"), ADMIN: of("ADMIN"), MEMBER: of("MEMBER") }),
  });
}

function completeLimits(given: Partial<Limits> | undefined): Limits {
  return Object.freeze({
    rpm: given?.rpm ?? null,
    tpm: given?.tpm ?? null,
    concurrency: given?.concurrency ?? null,
    monthlyTokens: given?.monthlyTokens ?? null,
    monthlyMicroUsd: given?.monthlyMicroUsd ?? null,
  });
}

/** How many key changes there have been, and the database's clock (UTC ms, not the snapshot's). Throws `database_unavailable`. */
export async function readEpoch(pool?: pg.Pool): Promise<{ epoch: number; dbNowMs: number }> {
  const text = `SELECT epoch, ${ms("clock_timestamp()")} AS "dbNowMs" FROM key_epochs WHERE id = 1`;
  const [row] = await ask<{ epoch: number; dbNowMs: number }>(pool, "podpass_read_epoch", text);
  if (row === undefined) {
    throw new AppError("database_unavailable", "The database is not set up yet.", { retryAfterSeconds: 5 });
  }
  return row;
}

/** One entry of the change log; `keyIds` is null when every key is concerned. */
export type KeyChange = { readonly epoch: number; readonly keyIds: readonly string[] | null };

/** The changes after `epoch`, in order. Old entries are trimmed: one that is missing concerns every key. Throws `database_unavailable`. */
export function changesSince(epoch: number, pool?: pg.Pool): Promise<KeyChange[]> {
  const text = `SELECT epoch, CASE WHEN all_keys THEN NULL ELSE key_ids END AS "keyIds"
    FROM key_changes WHERE epoch > $1 ORDER BY epoch`;
  return ask<KeyChange>(pool, "podpass_changes_since", text, [epoch]);
}
