import type pg from "pg";
import { postgres } from "@/lib/postgres";

const DEADLINE_MS = 3_000;

/**
 * The first bytes of the digest of every secret there ever was, in latin1; one more than `most` where there are more. Dead ones
 * are among them: their holders are told why. Rejects with what PostgreSQL says.
 */
export async function digestPrefixes(bytes: number, most: number, pool?: pg.Pool): Promise<string[]> {
  const text = "SELECT substring(hash FOR $1::int) AS prefix FROM api_key_secrets LIMIT $2";
  const query = { name: "podpass_digest_prefixes", text, values: [bytes, most + 1], query_timeout: DEADLINE_MS };
  const { rows } = await (pool ?? postgres()).query<{ prefix: Buffer }>(query);
  return rows.map(({ prefix }) => prefix.toString("latin1"));
}
