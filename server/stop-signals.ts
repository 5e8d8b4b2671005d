import { readFileSync } from "node:fs";

/** npm passes on a Ctrl-C that the terminal has sent to everybody already: one press must not count as two. */
const SAME_PRESS_MS = 500;

/** The first signal ends gently, a second one at once. Closing the terminal counts as a signal. */
export function onStopSignals({ onFirst, onSecond }: { onFirst: () => void; onSecond: () => void }) {
  let firstAt: number | null = null;
  const first = () => {
    if (firstAt !== null) return;
    firstAt = performance.now();
    onFirst();
  };
  const onSignal = () => {
    if (firstAt === null) first();
    else if (performance.now() - firstAt > SAME_PRESS_MS) onSecond();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  if (!isHangupIgnored()) process.on("SIGHUP", onSignal);
  return { first, isStopping: () => firstAt !== null };
}

/** True under `nohup`: a handler of ours would undo what the user asked for. */
function isHangupIgnored() {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
    return (Number.parseInt(mask.slice(-1), 16) & 1) === 1;
  } catch {
    return false;
  }
}
