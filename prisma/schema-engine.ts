import { readFile } from "node:fs/promises";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as wasm from "@prisma/schema-engine-wasm/schema_engine_bg";
import pg from "pg";

type MigrationDirectory = { path: string; migrationFile: { path: string; content: { tag: "ok"; value: string } } };

export type SchemaEngine = {
  applyMigrations(input: unknown): Promise<{ appliedMigrationNames: string[] }>;
  diff(input: unknown): Promise<{ exitCode: number; stdout: string | null }>;
};

/** What both the runner and the author of migrations tell the engine to leave alone: nothing. */
export const NO_FILTERS = { externalTables: [], externalEnums: [] };

/**
 * The stock adapter cuts a script at every semicolon, also inside a function's body. Here PostgreSQL gets the script
 * whole: it reads the quoting itself, and runs a migration in one transaction.
 */
class WholeScripts extends PrismaPg {
  private readonly connectionString: string;

  constructor(connectionString: string) {
    super({ connectionString });
    this.connectionString = connectionString;
  }

  override async connect() {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      const client = new pg.Client({ connectionString: this.connectionString });
      await client.connect();
      await client.query(script).finally(() => client.end());
    };
    return adapter;
  }
}

/**
 * Prisma's own schema engine, from its WebAssembly build: no engine download, so it works offline.
 * It takes Prisma's advisory lock when it applies and keeps it while its connection lives, so use it in a short-lived process.
 * Opens a database connection even for `diff`.
 */
export async function openSchemaEngine(connectionString: string, datamodel: string): Promise<SchemaEngine> {
  // Node 20 cannot import a .wasm file: instantiate it by hand, the way the package's own loader does.
  const entry = import.meta.resolve("@prisma/schema-engine-wasm/schema_engine_bg");
  const bytes = await readFile(new URL("schema_engine_bg.wasm", entry));
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: {
      message: "",
      get() {
        return this.message;
      },
      set_message(message: string) {
        this.message = message;
      },
    },
  });
  const { instance } = await WebAssembly.instantiate(bytes, { "./schema_engine_bg.js": { ...wasm } });
  wasm.__wbg_set_wasm(instance.exports);
  (instance.exports.__wbindgen_start as () => void)();
  const adapter = bindMigrationAwareSqlAdapterFactory(new WholeScripts(connectionString));
  return wasm.SchemaEngine.new({ datamodels: [["schema.prisma", datamodel]] }, () => undefined, adapter);
}

/** The shape in which the engine takes migrations. */
export function migrationsList(migrations: { name: string; sql: string }[]) {
  const migrationDirectories: MigrationDirectory[] = migrations.map(({ name, sql }) => ({
    path: name,
    migrationFile: { path: "migration.sql", content: { tag: "ok", value: sql } },
  }));
  return {
    baseDir: "prisma/migrations",
    shadowDbInitScript: "",
    lockfile: { path: "migration_lock.toml", content: 'provider = "postgresql"\n' },
    migrationDirectories,
  };
}
