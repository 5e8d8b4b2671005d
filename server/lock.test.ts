import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockHolder, tryLock } from "./lock";
import { identify } from "./process-identity";

const newFile = () => join(mkdtempSync(join(tmpdir(), "podpass-lock-")), "lock");

function take(file: string) {
  const taken = tryLock(file, "http://localhost:3000");
  if (!("lock" in taken)) throw new Error("the lock is held");
  return taken.lock;
}

test("a second one is told who holds the lock, and gets it once it is released", () => {
  const file = newFile();
  const lock = take(file);
  expect(tryLock(file, "elsewhere")).toMatchObject({ holder: { pid: process.pid, address: "http://localhost:3000" } });
  lock.release();
  expect(tryLock(file, "elsewhere")).toHaveProperty("lock");
});

test("a holder that is stopping says so", () => {
  const file = newFile();
  take(file).markStopping();
  expect(lockHolder(file)).toMatchObject({ pid: process.pid, isStopping: true });
});

test("the lock of a process that was killed is taken over, and nothing is left beside it", async () => {
  const file = newFile();
  const holder = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  const identity = identify(holder.pid ?? 0);
  writeFileSync(file, JSON.stringify({ ...identity, address: "x" }));
  expect(lockHolder(file)).toMatchObject({ pid: holder.pid });
  holder.kill("SIGKILL");
  await once(holder, "exit");
  take(file);
  expect(readdirSync(join(file, ".."))).toEqual(["lock"]);
});

test("an id that another program carries by now is not the holder", () => {
  const file = newFile();
  writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt: "another time", address: "x" }));
  expect(lockHolder(file)).toBeNull();
  take(file);
});

test("a lock that is no JSON belongs to nobody", () => {
  const file = newFile();
  writeFileSync(file, "{");
  take(file);
});
