// What each build product is made of, so that a start rebuilds exactly when something it is made of has changed.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

const SOURCES = {
  client: ["prisma/schema.prisma", "scripts/generate.mjs", "package-lock.json"],
  bundles: [
    "cli",
    "lib",
    "pod",
    "prisma",
    "server",
    "server.ts",
    "tsconfig.json",
    "package-lock.json",
    "scripts/build.mjs",
  ],
  next: [
    "app",
    "lib",
    "public",
    "prisma/schema.prisma",
    "proxy.ts",
    "instrumentation.ts",
    "instrumentation-client.ts",
    "next.config.ts",
    "postcss.config.mjs",
    "tsconfig.json",
    "package-lock.json",
    "scripts/build.mjs",
  ],
};

const IGNORED = /(\.test\.tsx?|\.md|\.DS_Store)$|^lib\/generated(\/|$)/;

function* filesUnder(path) {
  if (IGNORED.test(path) || !existsSync(join(root, path))) return;
  if (!statSync(join(root, path)).isDirectory()) {
    yield path;
    return;
  }
  for (const name of readdirSync(join(root, path)).sort()) yield* filesUnder(`${path}/${name}`);
}

/** SHA-256 over names and contents of everything a product ("client", "bundles" or "next") is made of. */
export function hashOfSources(product) {
  const hash = createHash("sha256");
  for (const path of SOURCES[product].flatMap((path) => [...filesUnder(path)])) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update("\0");
  }
  return hash.digest("hex");
}
