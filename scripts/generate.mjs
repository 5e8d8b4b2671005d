// Generates the Prisma client without a network: the CLI insists on a schema engine file it never runs for `generate`,
// so any existing file will do.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Writes lib/generated/prisma from prisma/schema.prisma. Throws with the CLI's own words when that fails. */
export function generatePrismaClient() {
  rmSync(`${root}lib/generated/prisma`, { recursive: true, force: true });
  mkdirSync(`${root}lib/generated`, { recursive: true });
  const engine = existsSync("/bin/true") ? "/bin/true" : process.execPath;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [`${root}node_modules/prisma/build/index.js`, "generate", "--schema", `${root}prisma/schema.prisma`],
    {
      cwd: root,
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: engine, CHECKPOINT_DISABLE: "1" },
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`prisma generate failed:\n${stdout}${stderr}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) generatePrismaClient();
