import { dirname } from "node:path";

export type Greeting = {
  publicUrl: string;
  dataDir: string;
  /** Null: the database is somebody else's. */
  databaseFolder: string | null;
  isPodSimulated: boolean;
  /** Present until an owner exists. */
  setupCode: string | null;
};

/** The first lines of output: where to go, what is simulated, where data lives, and how to become the owner. */
export function greetingOf({ publicUrl, dataDir, databaseFolder, isPodSimulated, setupCode }: Greeting) {
  const lines = [
    `Podpass is running at ${publicUrl}`,
    isPodSimulated
      ? "  Pod       simulated: answers are made up. Add your own under Pods, or set VLLM_BASE_URL and VLLM_API_KEY"
      : null,
    `  Data      ${dataDir}${aboutDatabase(dataDir, databaseFolder)}`,
    setupCode === null ? null : `  Set up    ${publicUrl}/setup?code=${setupCode}  (until there is an owner)`,
  ];
  return `${lines.filter((line) => line !== null).join("\n")}\n`;
}

function aboutDatabase(dataDir: string, folder: string | null) {
  if (folder === null) return " (usage journal; the database is at DATABASE_URL)";
  return dirname(folder) === dataDir ? " (with the embedded PostgreSQL)" : `, and the embedded PostgreSQL in ${folder}`;
}
