import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { PLAIN_ENVIRONMENT } from "./child-environment";
import type { Runner } from "./postgres-binaries";

/**
 * PostgreSQL does not notice when whoever started it is gone. This shell does: its standard input is a pipe from the
 * supervisor, which the kernel closes however the supervisor ends. Then the server is told to shut down.
 * "patient" lets open sessions end first, "now" drops everything (the next start recovers), anything else is orderly and fast.
 */
const GUARD = `
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
( read -r how
  case "$how" in patient) signal=TERM ;; now) signal=QUIT ;; *) signal=INT ;; esac
  kill -s "$signal" "$server" ) <&3 2>/dev/null &
watcher=$!
exec 3<&- </dev/null
wait "$server"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
`;

export type Manner = "patient" | "fast" | "now";

export type GuardedServer = {
  /** Settles when the server has ended. */
  ended: Promise<void>;
  hasEnded(): boolean;
  /** Asks the server to end; `ended` tells when it has. */
  end(manner: Manner): void;
  /** Lets this process end before the server does. */
  letGo(): void;
};

/** Starts a server that ends when this process does, by whatever means. Its output goes to `logFile`. */
export function startGuarded(command: string[], runner: Runner, logFile: string): GuardedServer {
  const log = openSync(logFile, "w", 0o600);
  const child = spawn("/bin/sh", ["-c", GUARD, "podpass-postgres", ...command], {
    cwd: "/",
    // Nothing of the product's environment: no secret of ours has any business in the database's processes.
    env: PLAIN_ENVIRONMENT,
    stdio: ["pipe", log, log],
    // A session of its own: Ctrl-C in the terminal is for the supervisor, which ends things in their order.
    detached: true,
    ...(runner ?? {}),
  });
  closeSync(log);
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    const settle = () => {
      hasEnded = true;
      resolve();
    };
    child.once("exit", settle);
    child.once("error", settle);
  });
  // The pipe breaks when the guard has ended first: there is nothing left to tell it.
  child.stdin?.on("error", () => undefined);
  return {
    ended,
    hasEnded: () => hasEnded,
    end: (manner) => child.stdin?.end(`${manner}\n`),
    letGo: () => letGo(child),
  };
}

function letGo(child: ChildProcess) {
  child.unref();
  const pipe = child.stdin;
  if (pipe !== null && "unref" in pipe && typeof pipe.unref === "function") pipe.unref();
}

/** The last lines a server wrote, for the error of a start that failed. */
export function lastLines(logFile: string, count = 5): string {
  try {
    return readFileSync(logFile, "utf8").trim().split("\n").slice(-count).join("\n");
  } catch {
    return "";
  }
}
