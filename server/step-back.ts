import { readdirSync } from "node:fs";
import { constants, setPriority } from "node:os";

// Preloaded into the dashboard's process: where both want the same core, a page waits for the streams and not they for it.
try {
  // On Linux a priority is a thread's own, and V8's helpers are threads already; those still to come inherit it.
  const threads = process.platform === "linux" ? readdirSync("/proc/self/task").map(Number) : [0];
  for (const thread of threads) setPriority(thread, constants.priority.PRIORITY_LOW);
} catch {
  // Somewhere it is not allowed: then everybody has the same share.
}
