import { parentOf, programOf } from "./process-identity";

const POLL_MS = 1_000;
const SHELLS = new Set(["sh", "dash", "bash", "ash", "busybox"]);

/**
 * Tells when the `npm` that started this process is gone: killed outright, it cannot pass that on, and Podpass would
 * run on unseen with its port and its data folder. Does nothing when started another way.
 */
export function watchLauncher(isUnderNpm: boolean, onGone: () => void) {
  if (!isUnderNpm) return;
  const parent = process.ppid;
  // npm starts scripts through a shell, which may or may not stay in between.
  const grandparent = SHELLS.has(programOf(parent) ?? "") ? parentOf(parent) : null;
  const timer = setInterval(() => {
    const isOrphan = process.ppid !== parent || (grandparent !== null && parentOf(parent) !== grandparent);
    if (!isOrphan) return;
    clearInterval(timer);
    onGone();
  }, POLL_MS);
  timer.unref();
}
