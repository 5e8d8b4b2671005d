// `npm run bench`: brings the server's bundles up to date, bundles the processes that are measured or measure, and starts the rest.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { build as buildProduct, isStale } from "../scripts/build.mjs";
import { withLock } from "../scripts/prepare-lock.mjs";
import { root } from "../scripts/sources.mjs";

const has = (option) => process.argv.some((argument) => argument.startsWith(option));
// Next's build takes a minute: a quick run, or one of some parts, uses what is there or goes without.
const isWhole = !has("--quick") && !has("--only") && !has("--profile") && !has("--help");
const products = ["client", ...(has("--gateway") ? [] : ["bundles"]), ...(isWhole ? ["next"] : [])];

if (products.some(isStale)) {
  mkdirSync(join(root, "dist"), { recursive: true });
  await withLock(
    join(root, "dist/prepare.lock"),
    (text) => console.error(text),
    async () => {
      for (const product of products) if (isStale(product)) await buildProduct(product);
    },
  );
}

await build({
  entryPoints: {
    upstream: join(root, "bench/upstream.ts"),
    load: join(root, "bench/load/main.ts"),
    "bare-proxy": join(root, "bench/peers/bare-proxy.ts"),
    "first-rows": join(root, "bench/first-rows.ts"),
    "seeded-facts": join(root, "bench/seeded-facts.ts"),
    "record-rows": join(root, "bench/record-rows.ts"),
    "admit-calls": join(root, "bench/admit-calls.ts"),
  },
  outdir: join(root, "bench/.build"),
  outExtension: { ".js": ".mjs" },
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20.19",
  packages: "external",
  logLevel: "warning",
});

const child = spawn(process.execPath, ["--import", "tsx", "bench/main.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
// Ctrl-C reaches the whole group: the child ends what it started, and this process waits for it.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => signal === "SIGTERM" && child.kill(signal));
child.once("exit", (code) => process.exit(code ?? 1));
