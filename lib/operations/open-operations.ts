import type { Env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { newRequestId } from "@/lib/usage/request-id";
import { expose } from "./exposition";
import type { Figure } from "./figures";
import { neededMigrations } from "./migrations";
import { createOperations } from "./operations";
import { openDatabaseLook } from "./queries";
import { createReadiness } from "./readiness";

type Options = {
  env: Env;
  /** Where this version's migrations lie; ends in a slash. */
  migrationsFolder: URL;
  isStopping?: () => boolean;
  otherReasons?: () => readonly string[];
  warnings?: () => readonly string[] | Promise<readonly string[]>;
  /** What this process has counted. */
  figures: () => Figure[] | Promise<Figure[]>;
  /** The figures of all processes of this installation's machine, given those of this one. */
  withSiblings?: (own: Figure[]) => Promise<Figure[][]>;
};

/** What is asked of Podpass itself, with its real parts. Opens although the database is away. */
export async function openOperations({
  env,
  migrationsFolder,
  isStopping,
  otherReasons,
  warnings,
  figures,
  withSiblings = async (own) => [own],
}: Options) {
  const database = env.DATABASE_URL === undefined ? null : openDatabaseLook(env.DATABASE_URL);
  const unreadiness = createReadiness({
    appliedMigrations: () => database?.appliedMigrations() ?? Promise.reject(notSet()),
    neededMigrations: await neededMigrations(migrationsFolder),
    isStopping,
    otherReasons,
  });
  return createOperations({
    unreadiness,
    warnings,
    exposition: async () => expose(await withSiblings(await figures())),
    metricsToken: env.METRICS_TOKEN,
    publicUrl: env.PUBLIC_URL,
    newId: () => newRequestId(Date.now()),
  });
}

function notSet() {
  return new AppError("database_unavailable", "DATABASE_URL is not set.");
}
