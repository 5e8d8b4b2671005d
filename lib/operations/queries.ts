import pg from "pg";

/** Shorter than anybody's patience with a readiness check: a database that hangs counts as one that is away. */
const DEADLINE = { connectionTimeoutMillis: 2_500, query_timeout: 2_500, statement_timeout: 2_500 };

export type DatabaseLook = ReturnType<typeof openDatabaseLook>;

/**
 * A line of its own to the database, for asking how it is: never queued behind other work, and opened anew after a failure, so
 * that connections lost on the way don't hide a database that is back.
 */
export function openDatabaseLook(connectionString: string) {
  const pool = new pg.Pool({
    connectionString,
    application_name: "podpass readiness",
    max: 1,
    keepAlive: true,
    allowExitOnIdle: true,
    ...DEADLINE,
  });
  pool.on("error", () => undefined); // an idle connection that breaks is replaced by the next query
  return {
    /** Names of the migrations that were applied to the end. Rejects with what PostgreSQL or the driver says. */
    async appliedMigrations(): Promise<string[]> {
      const { rows } = await pool.query<{ migration_name: string }>(
        "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL",
      );
      return rows.map((row) => row.migration_name);
    },
    close: () => pool.end(),
  };
}
