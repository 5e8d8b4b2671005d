import { readdir } from "node:fs/promises";

/**
 * Names of the migrations that come with this version; `folder` ends in a slash. Empty where the folder is not there: then
 * nobody can say what is missing, and any database that was set up will do.
 */
export async function neededMigrations(folder: URL): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}
