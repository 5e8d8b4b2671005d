// `npm test`: every suite, also after one has failed, and one line at the end that counts them all.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureBrowser, HOW_TO_INSTALL } from "./browser.mjs";
import { root } from "./sources.mjs";
import { firstLines, playwrightVerdicts, verdictLines, vitestVerdicts } from "./verdicts.mjs";

const reports = join(root, "test-results/reports");
const say = (text) => process.stdout.write(`${text}\n`);
const bin = (name) => join(root, "node_modules", name);

/** The children of a test run get none of the variables that would point them at a real installation. */
const OURS =
  /^(PORT|HOST|PUBLIC_URL|DATABASE_URL|REDIS_URL|VLLM_|PODPASS_(SECRET|DATA_DIR|SETUP_CODE)|ADMIN_|AUTH_|TRUSTED_|METRICS_|SMTP_|OTEL_|NEXTAUTH_|WEB_CONCURRENCY)/;
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.test(name))),
  PODPASS_DOTENV: "off",
};

/** `hear`, where given, gets what is written on standard output and error, which shows all the same. */
function run(args, env = {}, hear = null) {
  return new Promise((resolve) => {
    const out = hear === null ? "inherit" : "pipe";
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...environment, ...env },
      stdio: ["ignore", out, out],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        process.stdout.write(chunk);
        hear(chunk.toString("utf8"));
      });
    }
    child.once("error", () => resolve(1));
    child.once("close", (code) => resolve(code ?? 1));
  });
}

/** A step without tests of its own counts as one. */
async function step(name, args) {
  say(`\n── ${name}`);
  let said = "";
  const code = await run(args, {}, (text) => {
    said += text;
  });
  const failed = code === 0 ? [] : [{ name, error: firstLines(said, root) }];
  return { name, passed: code === 0 ? 1 : 0, failed, flaky: [] };
}

/** A suite that ends badly without naming a failed test has failed all the same: once. */
function judged(name, code, report, judge) {
  let verdicts = { passed: 0, failed: [], flaky: [] };
  let why = `It ended with ${code}, which no test explains: see its output above.`;
  try {
    verdicts = judge(JSON.parse(readFileSync(report, "utf8")), root);
  } catch {
    why = "No report was written.";
  }
  if ((code !== 0 || verdicts.passed === 0) && verdicts.failed.length === 0)
    verdicts.failed.push({ name, error: [why] });
  return { name, ...verdicts };
}

async function vitest() {
  say("\n── unit and database tests");
  const report = join(reports, "vitest.json");
  const code = await run([
    bin("vitest/vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=./test/setup/vitest-verdicts.ts",
  ]);
  return judged("unit and database tests", code, report, vitestVerdicts);
}

async function playwright() {
  const name = "browser tests";
  say(`\n── ${name}`);
  const browser = await ensureBrowser(say);
  if (browser === null) {
    say(HOW_TO_INSTALL);
    return { name, passed: 0, failed: [{ name, error: ["There is no browser."] }], flaky: [] };
  }
  const report = join(reports, "playwright.json");
  const code = await run([bin("@playwright/test/cli.js"), "test", "--reporter=list,json"], {
    PODPASS_TEST_BROWSER: browser,
    PLAYWRIGHT_JSON_OUTPUT_FILE: report,
  });
  return judged(name, code, report, playwrightVerdicts);
}

rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
if (!existsSync("/usr/bin/redis-server") && !existsSync("/usr/local/bin/redis-server")) {
  say("There is no redis-server here: tests of limits shared between replicas are skipped.");
}
if (spawnSync("shellcheck", ["--version"]).error)
  say("There is no shellcheck here: the scripts for pods are not checked with it.");
const results = [
  await step("format and lint", [bin("@biomejs/biome/bin/biome"), "check", "."]),
  await step("route types", [bin("next/dist/bin/next"), "typegen"]),
  await step("types", [bin("typescript/bin/tsc"), "--noEmit", "-p", "."]),
  await vitest(),
  await playwright(),
];
const all = (field) => results.flatMap((result) => result[field]);
if (all("flaky").length > 0) {
  say("\n── passed only when tried again");
  for (const line of verdictLines("~", all("flaky"))) say(line);
}
if (all("failed").length > 0) {
  say("\n── failed");
  for (const line of verdictLines("✗", all("failed"))) say(line);
}
say("");
for (const { name, passed, failed } of results)
  say(`${failed.length === 0 ? "✓" : "✗"} ${name}: ${passed} passed, ${failed.length} failed`);
const passed = results.reduce((total, result) => total + result.passed, 0);
say(`${passed} passed, ${all("failed").length} failed`);
process.exit(all("failed").length > 0 ? 1 : 0);
