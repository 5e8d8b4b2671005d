import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { NO_FILTERS, openSchemaEngine } from "./schema-engine";

/**
 * Writes the next migration: the difference between the committed schema and the one in the work tree, ready for review.
 * From schema to schema, because the engine's other ways want a shadow database and would use the real one for it.
 * Usage: DATABASE_URL=postgres://… npm run db:new -- add_pod_region
 */
async function main() {
  const [name] = process.argv.slice(2);
  // biome-ignore lint/style/noProcessEnv: an author's tool, outside the product
  const url = process.env.DATABASE_URL;
  if (!name || !/^[a-z0-9_]+$/.test(name) || !url) {
    throw new Error(
      "Usage: DATABASE_URL=postgres://… npm run db:new -- name_in_snake_case (the engine wants any database to talk to)",
    );
  }
  const after = readFileSync("prisma/schema.prisma", "utf8");
  const before = committedSchema();
  const engine = await openSchemaEngine(url, after);
  const { stdout } = await engine.diff({
    from: before === "" ? { tag: "empty" } : schemaTarget(before),
    to: schemaTarget(after),
    script: true,
    shadowDatabaseUrl: null,
    exitCode: null,
    filters: NO_FILTERS,
  });
  const folder = `prisma/migrations/${new Date().toISOString().replace(/\D/g, "").slice(0, 14)}_${name}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/migration.sql`, stdout ?? "");
  process.stdout.write(`${folder}/migration.sql\n`);
  process.exit(0); // the engine keeps its connection open
}

function committedSchema() {
  try {
    return execFileSync("git", ["show", "HEAD:prisma/schema.prisma"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return "";
  }
}

function schemaTarget(content: string) {
  return { tag: "schemaDatamodel", files: [{ path: "schema.prisma", content }] };
}

await main();
