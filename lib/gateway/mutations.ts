import type pg from "pg";
import { postgres } from "@/lib/postgres";

/** Forgets key changes older than an hour: a replica that slept longer starts from nothing. Rejects with what PostgreSQL says. */
export async function trimKeyChanges(pool: pg.Pool = postgres()) {
  await pool.query("DELETE FROM key_changes WHERE at < now() - interval '1 hour'");
}

/** Sends a notice to every replica that listens for key changes. Rejects with what PostgreSQL says. */
export async function notifyReplicas(payload: string, pool: pg.Pool = postgres()) {
  await pool.query("SELECT pg_notify('podpass_keys', $1)", [payload]);
}
