import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import type { UsageEvent } from "./event";
import { decodeHeader, decodeLine } from "./journal-line";
import { adopt, isHeld } from "./journal-lock";
import { listSegments, readLines } from "./journal-reader";

type Replay = {
  /** Where the journals of this machine's replicas lie, one directory each. */
  root: string;
  /** Who adopts. Its own directory is never touched. */
  replicaId: string;
  write: (replicaId: string, events: UsageEvent[]) => Promise<void>;
  /** Closes what the dead replica left open. */
  closeLost: (replicaId: string) => Promise<void>;
  log: Pick<Logger, "info" | "error">;
};

const BATCH_ROWS = 1_000;

/**
 * Writes what dead processes of this machine left in their journals, then closes as lost what they left open, then removes
 * the journals. Stops at the first failure; what was adopted stays adopted and is tried again.
 */
export async function replayOrphans(options: Replay): Promise<void> {
  for (const name of directoriesIn(options.root)) {
    if (name.startsWith(options.replicaId)) continue;
    const isOurs = name.endsWith(`~${options.replicaId}`);
    const directory = join(options.root, name);
    if (!isOurs && isHeld(directory)) continue;
    const taken = isOurs ? directory : adopt(directory, options.replicaId);
    if (taken !== null) await replay(taken, options);
  }
}

/** Writes one dead replica's journal, closes what it left open, and removes the journal. */
export async function replay(directory: string, { write, closeLost, log }: Omit<Replay, "root" | "replicaId">) {
  const found = { events: 0, damaged: 0 };
  const replicaIds = new Set<string>();
  for (const segment of listSegments(directory)) {
    let replicaId: string | null = null;
    let position = { segment, offset: 0 };
    for (;;) {
      const { lines, next } = readLines(directory, position);
      if (next === position.offset) break;
      if (position.offset === 0) {
        replicaId = decodeHeader(lines.shift() ?? "");
        if (replicaId === null) {
          log.error({ directory, segment }, "a journal of another version is left as it is");
          return;
        }
        replicaIds.add(replicaId);
      }
      position = { segment, offset: next };
      const events = newestOfEach(lines, () => {
        found.damaged += 1;
      });
      found.events += events.length;
      for (let start = 0; start < events.length; start += BATCH_ROWS) {
        await write(replicaId ?? "", events.slice(start, start + BATCH_ROWS));
      }
    }
  }
  for (const replicaId of replicaIds) await closeLost(replicaId);
  rmSync(directory, { recursive: true, force: true });
  log.info({ ...found, replicaIds: [...replicaIds] }, "the journal of a replica that died was replayed");
}

/** One event a request: its end where the lines hold one. The first end stands. */
function newestOfEach(lines: string[], onDamaged: () => void): UsageEvent[] {
  const events = new Map<string, UsageEvent>();
  for (const line of lines) {
    const event = decodeLine(line);
    if (event === null) {
      onDamaged();
      continue;
    }
    const earlier = events.get(event.requestId);
    if (earlier === undefined || earlier.outcome === "open") events.set(event.requestId, event);
  }
  return [...events.values()];
}

function directoriesIn(root: string): string[] {
  try {
    return readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}
