import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { adopt, claim, isHeld } from "./journal-lock";

let root: string;
let directory: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "podpass-lock-"));
  directory = join(root, "dead");
  mkdirSync(directory);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const lockAs = (change: object) => {
  claim(directory);
  const own = JSON.parse(readFileSync(join(directory, "lock"), "utf8"));
  writeFileSync(join(directory, "lock"), JSON.stringify({ ...own, ...change }));
};
const inTenMinutes = () => Date.now() + 600_000;

test("a living process holds its directory, however long it has not been heard of", () => {
  claim(directory);
  expect(isHeld(directory, inTenMinutes())).toBe(true);
});

test.runIf(existsSync("/proc/self/stat"))("a process that is gone holds nothing", async () => {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  lockAs({ pid: child.pid });
  expect(isHeld(directory)).toBe(false);
});

test.runIf(existsSync("/proc/self/stat"))("a process id that was given out again is not taken for the owner", () => {
  lockAs({ startedAt: "1" });
  expect(isHeld(directory)).toBe(false);
});

test("in another container process ids say nothing: the lock's age decides", () => {
  lockAs({ scope: "another container", pid: 1 });
  expect(isHeld(directory)).toBe(true);
  expect(isHeld(directory, inTenMinutes())).toBe(false);
});

test("a directory without a readable lock is held while it is young", () => {
  expect(isHeld(directory)).toBe(true);
  writeFileSync(join(directory, "lock"), '{"pid"');
  expect(isHeld(directory)).toBe(true);
  const long = new Date(Date.now() - 600_000);
  utimesSync(join(directory, "lock"), long, long);
  expect(isHeld(directory)).toBe(false);
});

test("of two that adopt a directory one gets it, and holds it", () => {
  expect(adopt(directory, "me")).toBe(`${directory}~me`);
  expect(adopt(directory, "you")).toBeNull();
  expect(isHeld(`${directory}~me`, inTenMinutes())).toBe(true);
  expect(adopt(`${directory}~me`, "heir")).toBe(`${directory}~heir`);
});
