import { readFileSync, rmSync, writeFileSync } from "node:fs";

const POLL_MS = 250;

/** True while the process that wrote the lock still runs. A lock that is empty is being written right now. */
function isHeld(path) {
  let pid;
  try {
    pid = Number(readFileSync(path, "utf8"));
    if (pid === 0) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Runs `work` while no other process on this machine does. A lock whose holder was killed is taken over. */
export async function withLock(path, say, work) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      if (!isHeld(path)) rmSync(path, { force: true });
      else if (attempt === 0) say("Another Podpass is installing or building in this folder; waiting …");
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  const release = () => rmSync(path, { force: true });
  process.once("exit", release);
  try {
    await work();
  } finally {
    release();
    process.off("exit", release);
  }
}
