import { appendFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { Logger } from "pino";
import { createBatcher } from "./batcher";
import { sumUpDays } from "./days/mutations";
import { writeOrDivide } from "./divide";
import { fitting, type UsageEvent } from "./event";
import { encodeLine } from "./journal-line";
import { createLastUsed } from "./last-used";
import { closeLost, findSilent, heartbeat, keepHouse, moveLastUsed, sayGoodbye, writeEvents } from "./mutations";
import { replayOrphans } from "./reconcile";
import { newRequestId } from "./request-id";
import { keepRetention } from "./retention/keeper";
import { removeExpired } from "./retention/mutations";

export type Recorder = {
  readonly replicaId: string;
  /** Resolves once the open line is in the journal; rejects `usage_unavailable` where it can't be. `ip` goes to the secret's last use. */
  open(event: UsageEvent, ip?: string | null): Promise<void>;
  /** How far requests that still run have come: what is known of them should this process die. Never throws, never waits. */
  progress(events: readonly UsageEvent[]): void;
  /** How it ended; also alone, for a request that was never opened. Never throws, never waits. */
  final(event: UsageEvent): void;
  /** False while an open would be refused. */
  canRecord(): boolean;
  /** Resolves when everything said so far is committed. */
  flush(): Promise<void>;
  /** Takes no more opens, commits what it can within the time, leaves the rest in the journal for the next start. */
  close(withinMs?: number): Promise<void>;
  stats(): RecorderStats;
};

export type RecorderStats = {
  /** Events in memory that are not committed yet. */
  waiting: number;
  inFlight: number;
  /** True while more waits in the journal than memory may hold. */
  isBehind: boolean;
  /** Batches refused in a row: not 0 while the database is away. */
  failures: number;
  droppedFinals: number;
  journalBytes: number;
  segments: number;
};

type Options = {
  /** Holds one directory for each replica of this machine. */
  journalDir: string;
  databaseUrl: string;
  log: Pick<Logger, "error" | "warn" | "info">;
  /** Fresh for each process, so that no two ever share a journal. */
  replicaId?: string;
  host?: string;
  /** After this silence a replica's open rows are closed as lost. */
  silentMs?: number;
  beatEveryMs?: number;
  journalBytes?: number;
  /** How text reaches a file; tests fill the disk here. */
  writeFile?: (file: number, lines: Uint8Array) => number;
};

/** A database that hangs is worse than one that refuses: every query has a deadline. */
const DEADLINE = { connectionTimeoutMillis: 3_000, query_timeout: 5_000, statement_timeout: 5_000 };
const LAST_USED_EVERY_MS = 5_000;
const SUM_UP_EVERY_MS = 30_000;
const DAY_MS = 86_400_000;

/**
 * Everything between a request and its row: the journal, the batches into PostgreSQL, the replica's heartbeat, and what
 * becomes of the rows of replicas that died. Works without the database for as long as the journal has room.
 */
export function createRecorder(options: Options): Recorder {
  const { journalDir, databaseUrl, log, silentMs = 60_000, beatEveryMs = 10_000 } = options;
  const { replicaId = newRequestId(Date.now()), host = hostname() } = options;
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: "podpass usage",
    max: 3,
    keepAlive: true,
    allowExitOnIdle: true,
    ...DEADLINE,
  });
  pool.on("error", () => undefined); // an idle connection that breaks is replaced by the next query

  const lastUsed = createLastUsed();
  const batcher = createBatcher({
    directory: join(journalDir, replicaId),
    replicaId,
    write: (events) => write(replicaId, events),
    log,
    journalBytes: options.journalBytes,
    writeFile: options.writeFile,
  });

  let beating: Promise<void> | null = null;
  let isSilent = false;
  /** Since when heartbeats have got through without a break; null while they don't. */
  let steadySinceMs: number | null = null;
  let housekeptAtMs: number | null = null;
  let summedUpAtMs: number | null = null;

  function write(ofReplica: string, events: UsageEvent[]) {
    return writeOrDivide(events, (rows) => writeEvents(pool, ofReplica, rows), setAside);
  }

  /** A row that no retry can bring in is kept where a person can find it. */
  function setAside(event: UsageEvent, cause: unknown) {
    log.error({ err: cause, requestId: event.requestId }, "the database refuses a usage event; it is in refused.jsonl");
    appendFileSync(join(journalDir, "refused.jsonl"), encodeLine(event), { mode: 0o600 });
  }

  async function beat() {
    await heartbeat(pool, replicaId, host);
    const now = performance.now();
    steadySinceMs ??= now;
    await replayOrphans({
      root: journalDir,
      replicaId,
      write,
      closeLost: async (dead) => void (await closeLost(pool, [dead])),
      log,
    });
    // After an outage of the database the others get as long to speak up as they get to fall silent.
    if (now - steadySinceMs >= silentMs) await closeSilent();
    if (summedUpAtMs === null || now - summedUpAtMs >= SUM_UP_EVERY_MS) {
      await sumUpDays(pool);
      summedUpAtMs = now;
    }
    if (housekeptAtMs === null || now - housekeptAtMs >= DAY_MS) {
      await keepHouse(pool);
      housekeptAtMs = now;
    }
  }

  async function closeSilent() {
    const silent = (await findSilent(pool, silentMs)).filter((id) => id !== replicaId);
    if (silent.length === 0) return;
    const events = await closeLost(pool, silent);
    if (events > 0) log.warn({ replicaIds: silent, events }, "open requests of silent replicas were closed as lost");
  }

  function keepBeating() {
    beating ??= beat()
      .then(() => {
        isSilent = false;
      })
      .catch((error) => {
        if (!isSilent) log.warn({ err: error }, "the replica's heartbeat doesn't reach the database");
        isSilent = true;
        steadySinceMs = null;
      })
      .finally(() => {
        beating = null;
      });
  }

  async function writeLastUsed(uses = lastUsed.take(performance.now())) {
    if (uses.length === 0) return;
    // Retried with the next use or the next round: nobody waits for it.
    await moveLastUsed(pool, uses).catch(() => lastUsed.putBack(uses));
  }

  const timers = [setInterval(keepBeating, beatEveryMs), setInterval(() => void writeLastUsed(), LAST_USED_EVERY_MS)];
  for (const timer of timers) timer.unref();
  const retention = keepRetention({ remove: (isStopping) => removeExpired(pool, { isStopping }), log });
  process.once("exit", batcher.writeNow);
  keepBeating();

  return {
    replicaId,
    open(event, ip = null) {
      lastUsed.saw({ secretId: event.secretId, atMs: event.atMs, ip });
      return batcher.open(fitting(event));
    },
    progress: (events) => batcher.progress(events.map(fitting)),
    final: (event) => batcher.final(fitting(event)),
    canRecord: batcher.canRecord,
    flush: batcher.flush,
    stats: batcher.stats,
    async close(withinMs = 5_000) {
      for (const timer of timers) clearInterval(timer);
      retention.stop();
      await batcher.close(withinMs);
      process.off("exit", batcher.writeNow);
      await within(withinMs, async () => {
        await beating;
        await writeLastUsed(lastUsed.takeAll());
        await sayGoodbye(pool, replicaId);
        await pool.end();
      });
    },
  };
}

/** Waits for `work`, but no longer than that; what fails at the very end has nobody left to hear it. */
async function within(ms: number, work: () => Promise<void>) {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work().catch(() => undefined), late]);
  clearTimeout(timer);
}
