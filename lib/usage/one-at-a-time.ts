import type pg from "pg";

/**
 * Does work that one replica at a time may do, on a connection of its own. Null: another replica is at it, and nothing was
 * done here. `name` is the lock's, in the whole database.
 */
export async function oneAtATime<T>(pool: pg.Pool, name: string, work: (client: pg.PoolClient) => Promise<T>) {
  const client = await pool.connect();
  // A connection that breaks fails its query; without a listener it would end the process as well.
  const onBroken = () => undefined;
  client.on("error", onBroken);
  let failure: unknown;
  try {
    const { rows } = await client.query<{ mine: boolean }>("SELECT pg_try_advisory_lock(hashtext($1)) AS mine", [name]);
    if (!rows[0]?.mine) return null;
    try {
      return await work(client);
    } finally {
      await client.query("SELECT pg_advisory_unlock(hashtext($1))", [name]);
    }
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    client.off("error", onBroken);
    // With the connection goes the lock, should it still be held.
    client.release(failure !== undefined);
  }
}
