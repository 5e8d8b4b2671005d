import type { Logger } from "pino";
import { listenForChanges } from "./change-listener";
import { createDatabaseClock } from "./database-clock";

const POLL_MS = 1_000;
/** Where something is known to be missing. Not at once: a log that never gets whole must not be asked for without a pause. */
const POLL_SOON_MS = 20;
const TRIM_MS = 600_000;

type KeyIds = readonly string[] | "all";

type Options = {
  connectionString: string;
  readEpoch: () => Promise<{ epoch: number; dbNowMs: number }>;
  changesSince: (epoch: number) => Promise<readonly { epoch: number; keyIds: readonly string[] | null }[]>;
  notify: (payload: string) => Promise<void>;
  /** Forgets changes that nobody needs any more. */
  trim: () => Promise<void>;
  /** Called once for each change, in order, and with "all" where one may have been missed. */
  onChange: (keyIds: KeyIds, epoch: number) => void;
  /** Called each time notices have begun to arrive and everything before them has been handed over. */
  onConnected?: () => void;
  log: Pick<Logger, "info" | "warn">;
  monotonic?: () => number;
  wall?: () => number;
  listen?: typeof listenForChanges;
};

export type KeyChanges = ReturnType<typeof watchKeyChanges>;

/**
 * Follows the log of key changes: notices bring each change at once, and a poll of its last number every second finds those
 * whose notice was lost. Keeps the database's clock on the way.
 *
 * `dbNow` (UTC ms) throws `database_unavailable` while the time can't be trusted. `ready` resolves after the first poll that
 * was answered. Nothing here ever rejects for want of a database: it goes on trying, and `state` tells.
 */
export function watchKeyChanges({
  connectionString,
  readEpoch,
  changesSince,
  notify,
  trim,
  onChange,
  onConnected,
  log,
  monotonic = () => performance.now(),
  wall = Date.now,
  listen = listenForChanges,
}: Options) {
  const clock = createDatabaseClock({ monotonic, wall });
  const counts = { notices: 0, foundByPoll: 0, gaps: 0, connects: 0 };
  /** The last change handed over, with all before it. */
  let epoch: number | undefined;
  let answeredAt = -Infinity;
  let hearing: "listening" | "connecting" | "deaf" = "connecting";
  let hasWarnedOfPooler = false;
  let isAway = false;
  let isStopped = false;
  let isPollDue = false;
  let timer: NodeJS.Timeout | undefined;
  let polling: Promise<boolean> | undefined;
  let becomeReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    becomeReady = resolve;
  });

  /** Asks for the last change and catches up with it, in a poll that begins after this call. */
  async function pollAnew(): Promise<boolean> {
    while (polling) await polling;
    const startedAt = monotonic();
    isPollDue = false;
    polling = poll();
    const isAnswered = await polling;
    polling = undefined;
    schedule(isPollDue ? POLL_SOON_MS : Math.max(0, POLL_MS - (monotonic() - startedAt)));
    return isAnswered;
  }

  function pollSoon() {
    isPollDue = true;
    if (!polling) schedule(POLL_SOON_MS);
  }

  function schedule(delayMs: number) {
    if (isStopped) return;
    clearTimeout(timer);
    timer = setTimeout(() => void pollAnew(), delayMs);
    timer.unref();
  }

  /** True when the database answered. Never rejects. */
  async function poll(): Promise<boolean> {
    const askedAt = monotonic();
    const before = epoch;
    try {
      const latest = await readEpoch();
      const isTimeSteady = clock.read(latest.dbNowMs, askedAt);
      if (!isTimeSteady) {
        log.warn({ offsetMs: Math.round(clock.offsetMs()) }, "a clock was moved");
        startFrom(latest.epoch);
        pollSoon();
      } else if (before === undefined || latest.epoch < before) {
        // A lower number than one already seen: another database, or one restored from a backup.
        startFrom(latest.epoch);
      } else if (latest.epoch > (epoch ?? before)) {
        await catchUp(epoch ?? before, latest.epoch);
      }
      answeredAt = monotonic();
      if (isAway) log.info("the database answers again");
      isAway = false;
      becomeReady();
      return true;
    } catch (error) {
      if (!isAway && !isStopped) log.warn({ err: error }, "the database does not answer");
      isAway = true;
      return false;
    }
  }

  async function catchUp(from: number, to: number) {
    const changes = await changesSince(from);
    const isWhole = changes.length >= to - from && changes.every((change, index) => change.epoch === from + index + 1);
    if (!isWhole) {
      counts.gaps += 1;
      startFrom(Math.max(to, changes.at(-1)?.epoch ?? to));
      return;
    }
    for (const change of changes) {
      if (change.epoch <= (epoch ?? from)) continue;
      counts.foundByPoll += 1;
      epoch = change.epoch;
      onChange(change.keyIds ?? "all", change.epoch);
    }
  }

  function startFrom(latest: number) {
    epoch = latest;
    onChange("all", latest);
  }

  function onNotice(payload: string) {
    const notice = parseNotice(payload);
    if (notice === null || (epoch !== undefined && notice.epoch <= epoch)) return;
    counts.notices += 1;
    onChange(notice.keyIds, notice.epoch);
    if (epoch !== undefined && notice.epoch === epoch + 1) epoch = notice.epoch;
    else pollSoon(); // one before it was lost
  }

  const listener = listen({
    connectionString,
    notify,
    onNotice,
    onListening: () => {
      counts.connects += 1;
      hearing = "listening";
      // What was announced while nobody listened: asked for after listening began, so that nothing falls between.
      void pollAnew().then((isAnswered) => {
        if (isStopped || !isAnswered || epoch === undefined) return;
        onChange("all", epoch);
        onConnected?.();
      });
    },
    onLost: (reason) => {
      hearing = reason === "deaf" ? "deaf" : "connecting";
      if (reason !== "deaf" || hasWarnedOfPooler) return;
      hasWarnedOfPooler = true;
      log.warn(
        "Notices from PostgreSQL do not arrive, as behind a transaction pooler. Key changes take up to five seconds to " +
          "reach every replica instead of a moment. Give DATABASE_URL a direct or session-pooled address to change that.",
      );
    },
  });

  const trimming = setInterval(
    () => void trim().catch((error: unknown) => log.warn({ err: error }, "old key changes could not be removed")),
    TRIM_MS * (0.75 + Math.random() / 2),
  );
  trimming.unref();
  void pollAnew();

  return {
    ready,
    dbNow: clock.now,
    /** Asks now and not at the next poll. Settles when every change committed before this call is in force here, or the database is away. */
    catchUpNow: () => pollAnew().then(() => undefined),
    /** For readiness and metrics. Times in ms; `sinceAnswerMs` is Infinity until the database has answered once. */
    state: () => ({
      hearing,
      epoch: epoch ?? null,
      sinceAnswerMs: monotonic() - answeredAt,
      clockOffsetMs: clock.offsetMs(),
      isTimeTrusted: clock.isTrusted(),
      ...counts,
    }),
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      clearInterval(trimming);
      await listener.stop();
    },
  };
}

/** Null for whatever is not a key change: other replicas' probes, and other people's notices. */
function parseNotice(payload: string): { epoch: number; keyIds: KeyIds } | null {
  try {
    const notice: unknown = JSON.parse(payload);
    if (typeof notice !== "object" || notice === null || !("epoch" in notice) || !Number.isInteger(notice.epoch))
      return null;
    const keyIds = "keyIds" in notice ? notice.keyIds : null;
    const isList = Array.isArray(keyIds) && keyIds.every((id) => typeof id === "string");
    return { epoch: Number(notice.epoch), keyIds: isList ? keyIds : "all" };
  } catch {
    return null;
  }
}
