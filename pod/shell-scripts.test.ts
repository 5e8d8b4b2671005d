import { spawnSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { SCRIPTS } from "@/test/pod/rig";

const scripts = readdirSync(SCRIPTS).filter((name) => name.endsWith(".sh"));
const read = (name: string) => readFileSync(join(SCRIPTS, name), "utf8");
const hasShellcheck = spawnSync("shellcheck", ["--version"]).status === 0;

test.skipIf(!hasShellcheck)("shellcheck has nothing to say about any shell script here", { timeout: 120_000 }, () => {
  const others = [fileURLToPath(new URL("../.ci/run", import.meta.url))];
  const { stdout } = spawnSync("shellcheck", [...scripts.map((name) => join(SCRIPTS, name)), ...others]);
  expect(String(stdout)).toBe("");
});

test.each(scripts)("%s can be run, reads nothing beside itself, and explains itself", (name) => {
  expect(statSync(join(SCRIPTS, name)).mode & 0o111).toBe(0o111);
  expect(read(name)).toMatch(/^#!\/usr\/bin\/env bash\n# [A-Z]/);
  expect(read(name)).not.toMatch(/^\s*(source|\.) /m);
  const { status, stdout, stderr } = spawnSync("bash", [join(SCRIPTS, name), "--help"]);
  expect([status, String(stderr)]).toEqual([0, ""]);
  expect(String(stdout)).toMatch(/^Usage: /);
});

test.each(scripts)("%s refuses what is not an option", (name) => {
  const { status, stdout, stderr } = spawnSync("bash", [join(SCRIPTS, name), "--fish"]);
  expect([status, String(stdout)]).toEqual([name.startsWith("test-api") ? 2 : 1, ""]);
  expect(String(stderr)).toContain("--fish is not an option");
});

/** A function's text, as it stands in a script. */
const functionOf = (name: string, script: string) =>
  read(script).match(new RegExp(`^${name}\\(\\) \\{(.*\\}|[\\s\\S]*?\\n\\})$`, "m"))?.[0] ?? `no ${name} in ${script}`;

test("what several scripts carry, since each stands alone, is the same in all of them", () => {
  const carried: Record<string, string[]> = {
    started_at: ["start-server.sh", "stop-server.sh", "rotate-key.sh"],
    is_alive: ["start-server.sh", "stop-server.sh", "rotate-key.sh"],
    new_key: ["start-server.sh", "rotate-key.sh"],
    write_private: ["start-server.sh", "rotate-key.sh"],
    read_record: ["start-server.sh", "stop-server.sh"],
    group_lives: ["start-server.sh", "stop-server.sh"],
    outlast_group: ["start-server.sh", "stop-server.sh"],
  };
  for (const [name, holders] of Object.entries(carried)) {
    expect(new Set(holders.map((script) => functionOf(name, script))).size, name).toBe(1);
  }
  const checksOf = (script: string) => read(script).split("# ---- the checks")[1];
  expect(checksOf("test-api.sh")).toBe(checksOf("test-api-local.sh"));
  expect(checksOf("test-api.sh")?.length).toBeGreaterThan(1_000);
});

/** What a function says to each of the words, one line each. */
function said(name: string, script: string, words: readonly string[]) {
  const loop = `while IFS= read -r word; do printf '%s\\n' "$(${name} "$word")"; done`;
  const { stdout } = spawnSync("bash", ["-euc", `${functionOf(name, script)}\n${loop}`], {
    input: `${words.join("\n")}\n`,
  });
  return String(stdout).split("\n").slice(0, words.length);
}

test("keys as generators make them are all strong enough, and so are our own", { timeout: 60_000 }, () => {
  const makers = [
    () => randomBytes(16).toString("hex"),
    () => randomBytes(32).toString("hex"),
    () => randomBytes(18).toString("base64"),
    () => `sk-${randomBytes(24).toString("base64url")}`,
    () => `token-${randomUUID()}`,
  ];
  const keys = makers.flatMap((make) => Array.from({ length: 40 }, make)).filter((key) => /^[A-Za-z0-9]/.test(key));
  expect(said("weakness_of", "start-server.sh", keys).filter((weakness) => weakness !== "")).toEqual([]);
  const own = said("new_key", "start-server.sh", Array.from({ length: 20 }, String));
  expect(new Set(own).size).toBe(20);
  for (const key of own) expect(key).toMatch(/^sk-pod-[A-Za-z0-9]{43}$/);
  expect(said("weakness_of", "start-server.sh", own).join("")).toBe("");
});
