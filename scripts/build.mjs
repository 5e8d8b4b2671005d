// Makes what `npm start` runs: the Prisma client, the server's bundles in dist/, and Next's standalone output in dist/next/<hash>.
import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hashOfSources, root } from "./sources.mjs";

const ENTRIES = {
  server: "server.ts",
  dev: "server/dev.ts",
  "gateway-worker": "server/gateway-worker.ts",
  bootstrap: "server/bootstrap.ts",
  "end-with-parent": "server/end-with-parent.ts",
  "step-back": "server/step-back.ts",
  migrate: "prisma/migrate.ts",
  podpass: "cli/podpass.ts",
  "pod-simulator": "pod/simulator/main.ts",
};

/** A running Podpass keeps the output it started with: a few older ones stay. */
const KEPT_OUTPUTS = 3;

const stampOf = (product) => join(root, "dist", `${product}.hash`);

/** True while a product is made of something else than what lies in the tree now. */
export function isStale(product) {
  const stamp = stampOf(product);
  const hash = hashOfSources(product);
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== hash) return true;
  if (product === "client") return !existsSync(join(root, "lib/generated/prisma/client.ts"));
  if (product === "next") return !existsSync(join(root, "dist/next", hash.slice(0, 16), "server.js"));
  return Object.entries(ENTRIES).some(
    ([name, source]) => existsSync(join(root, source)) && !existsSync(join(root, `dist/${name}.js`)),
  );
}

/** Brings one product up to date. `hash` is taken before, so an edit during the build makes it stale again. */
export async function build(product) {
  const hash = hashOfSources(product);
  mkdirSync(join(root, "dist"), { recursive: true });
  rmSync(stampOf(product), { force: true });
  await { client: generateClient, bundles: bundle, next: buildNext }[product](hash);
  writeFileSync(stampOf(product), hash);
}

async function generateClient() {
  const { generatePrismaClient } = await import("./generate.mjs");
  generatePrismaClient();
}

/** One file a program, npm's packages left outside: a stack trace stays readable, and a start reads few files. */
async function bundle() {
  const { build: esbuild } = await import("esbuild");
  const entries = Object.entries(ENTRIES).filter(([, source]) => existsSync(join(root, source)));
  await esbuild({
    entryPoints: entries.map(([out, source]) => ({ in: join(root, source), out })),
    outdir: join(root, "dist"),
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    packages: "external",
    legalComments: "none",
    logLevel: "warning",
  });
}

async function buildNext(hash) {
  await runNext(["build"]);
  const output = join(root, ".next/standalone");
  cpSync(join(root, ".next/static"), join(output, ".next/static"), { recursive: true });
  if (existsSync(join(root, "public"))) cpSync(join(root, "public"), join(output, "public"), { recursive: true });
  // Next copies the build machine's own variables beside its output, where they would be read instead of the real ones.
  for (const name of readdirSync(output)) if (name.startsWith(".env")) rmSync(join(output, name));
  const home = join(root, "dist/next");
  mkdirSync(home, { recursive: true });
  rmSync(join(home, hash.slice(0, 16)), { recursive: true, force: true });
  renameSync(output, join(home, hash.slice(0, 16)));
  const byAge = readdirSync(home).sort((a, b) => statSync(join(home, b)).mtimeMs - statSync(join(home, a)).mtimeMs);
  for (const old of byAge.slice(KEPT_OUTPUTS)) rmSync(join(home, old), { recursive: true, force: true });
}

/** Next reads the environment while it builds: it gets none of the product's, so nothing of it can end up in the output. */
function runNext(args) {
  const { PATH, HOME, TMPDIR, LANG, NODE_OPTIONS, NODE_EXTRA_CA_CERTS, CI } = process.env;
  const env = { PATH, HOME, TMPDIR, LANG, NODE_OPTIONS, NODE_EXTRA_CA_CERTS, CI };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, "node_modules/next/dist/bin/next"), ...args], {
      cwd: root,
      env: { ...env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
      stdio: ["ignore", 2, 2],
    });
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`next build ended with ${code}`))));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const product of ["client", "bundles", "next"]) await build(product);
}
