import type { Logger } from "pino";
import type { UsageEvent } from "./event";
import { createJournal, unavailable } from "./journal";
import { decodeLine, encodeLine } from "./journal-line";
import type { Position } from "./journal-reader";

/** An event on its way to the database, and the segments holding lines of it (none while the disk refuses). */
type Entry = { event: UsageEvent; segments: number[]; sequence: number };

type Options = {
  /** The journal's directory, this process's own. */
  directory: string;
  replicaId: string;
  /** Upserts distinct requests; resolves after commit. May be given the same events again. */
  write: (events: UsageEvent[]) => Promise<void>;
  log: Pick<Logger, "error" | "warn" | "info">;
  random?: () => number;
  batchRows?: number;
  /** Beyond this many events the rest waits in the journal alone. */
  memoryRows?: number;
  journalBytes?: number;
  segmentBytes?: number;
  writeFile?: (file: number, lines: Uint8Array) => number;
};

const BATCH_EVERY_MS = 200;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 4_000;

export type Batcher = ReturnType<typeof createBatcher>;

/**
 * Journal first, then database: events wait here, one entry a request, until a batch has committed; only then are their
 * journal lines let go. A final that finds its open still waiting takes its place, so a short request is one row written once.
 */
export function createBatcher(options: Options) {
  const { write, log, random = Math.random, batchRows = 1_000, memoryRows = 20_000 } = options;
  const journal = createJournal<UsageEvent>({
    directory: options.directory,
    replicaId: options.replicaId,
    maxBytes: options.journalBytes,
    segmentBytes: options.segmentBytes,
    write: options.writeFile,
    onWritten: accept,
    onFailed: (events, cause) => {
      log.error({ err: cause }, "the usage journal can't be written; new requests are refused");
      keepFinals(events);
    },
    onRecovered: () => {
      log.info("the usage journal can be written again");
      // Merged with the entry it came from, or, if that is committed by then, a replay that changes nothing.
      for (const { event, segments } of waiting.values()) {
        if (segments.length === 0) journal.append(encodeLine(event), event);
      }
    },
  });

  /** In the order of their newest line. */
  let waiting = new Map<string, Entry>();
  /** Set while events wait in the journal alone: where they begin. */
  let behind: Position | null = null;
  let sequence = 0;
  let inFlight = 0;
  let failures = 0;
  let droppedFinals = 0;
  let timer: NodeJS.Timeout | null = null;
  let isPumping = false;
  let isClosed = false;
  let isStopped = false;
  let wake = () => {};
  let flushes: { sequence: number; done: () => void }[] = [];

  /** Resolves once the open line is in the journal; rejects `usage_unavailable` where it can't be. */
  function open(event: UsageEvent): Promise<void> {
    if (!canRecord()) return Promise.reject(unavailable());
    journal.append(encodeLine(event), event);
    return journal.written();
  }

  /** How far running requests have come: written if there is room to spare, since their ends will say it again. */
  function progress(events: readonly UsageEvent[]) {
    if (isClosed || !journal.hasRoomToSpare()) return;
    for (const event of events) journal.append(encodeLine(event), event);
  }

  /** Never throws, and never waits. */
  function final(event: UsageEvent) {
    if (isStopped) log.error({ requestId: event.requestId }, "a usage event came after the recorder had closed");
    else if (journal.isBroken()) keepFinals([event]);
    else journal.append(encodeLine(event), event);
  }

  function canRecord() {
    return !isClosed && journal.canOpen();
  }

  function accept(events: UsageEvent[], from: Position) {
    if (behind === null && waiting.size >= memoryRows) behind = from;
    // One list for all of a tick: an entry's own is never changed, only replaced.
    const segments = [from.segment];
    if (behind === null) for (const event of events) enter(event, segments);
    schedule();
  }

  function enter(event: UsageEvent, segments: number[]) {
    sequence += 1;
    const earlier = waiting.get(event.requestId);
    if (earlier === undefined) {
      waiting.set(event.requestId, { event, segments, sequence });
      return;
    }
    // A final beats an open, a later open an earlier one, and the first of two finals stands.
    const standing = earlier.event.outcome === "open" ? event : earlier.event;
    waiting.delete(event.requestId);
    waiting.set(event.requestId, { event: standing, segments: earlier.segments.concat(segments), sequence });
  }

  /** Opens were refused to their callers. Finals stand for work done: they wait in memory until the disk or the database takes them. */
  function keepFinals(events: UsageEvent[]) {
    for (const event of events) {
      if (event.outcome === "open") continue;
      if (waiting.size < 2 * memoryRows) {
        enter(event, []);
        continue;
      }
      droppedFinals += 1;
      log.error(
        { requestId: event.requestId, droppedFinals },
        "neither disk nor database takes a usage event: dropped",
      );
    }
    schedule();
  }

  function schedule() {
    if (isPumping || isStopped) return;
    if (waiting.size >= batchRows || behind !== null || flushes.length > 0) {
      void pump();
    } else if (waiting.size > 0 && timer === null) {
      timer = setTimeout(() => void pump(), BATCH_EVERY_MS);
      timer.unref();
    }
  }

  async function pump() {
    if (isPumping) return;
    isPumping = true;
    if (timer !== null) clearTimeout(timer);
    timer = null;
    do {
      try {
        catchUp();
      } catch (error) {
        failures += 1;
        log.error({ err: error }, "the usage journal can't be read back");
        await pause();
      }
      await commit(take());
      settleFlushes();
    } while (!isStopped && (waiting.size >= batchRows || behind !== null || flushes.length > 0));
    isPumping = false;
    schedule();
  }

  /** Takes back into memory what waits in the journal alone. */
  function catchUp() {
    while (behind !== null && waiting.size < batchRows) {
      const { lines, segment, next } = journal.read(behind);
      behind = lines.length === 0 && next.offset === behind.offset && next.segment === behind.segment ? null : next;
      for (const line of lines) {
        const event = decodeLine(line);
        if (event !== null) {
          enter(event, [segment]);
          continue;
        }
        log.error({ segment }, "a line of the usage journal is damaged");
        journal.release(segment);
      }
    }
  }

  /**
   * The rest goes into a new map: one that is filled and emptied for hours keeps what has left it alive, in tables that V8 has
   * outgrown, until the next full collection.
   */
  function take(): Entry[] {
    const batch: Entry[] = [];
    const rest = new Map<string, Entry>();
    for (const [requestId, entry] of waiting) {
      if (batch.length < batchRows) batch.push(entry);
      else rest.set(requestId, entry);
    }
    waiting = rest;
    inFlight = batch.length;
    return batch;
  }

  /** Returns when the batch is committed, or when the batcher is stopped: then its lines stay in the journal. */
  async function commit(batch: Entry[]): Promise<void> {
    if (batch.length === 0) return;
    while (!isStopped) {
      try {
        await write(batch.map(({ event }) => event));
        failures = 0;
        release(batch);
        return;
      } catch (error) {
        failures += 1;
        if (failures === 1) log.warn({ err: error }, "usage can't reach the database; the journal holds it");
        await pause();
      }
    }
  }

  function release(batch: Entry[]) {
    inFlight -= batch.length;
    for (const { segments } of batch) for (const segment of segments) journal.release(segment);
  }

  function pause() {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    return new Promise<void>((resolve) => {
      wake = resolve;
      setTimeout(resolve, longest * (0.5 + random() / 2)).unref();
    });
  }

  function settleFlushes() {
    const [oldest] = waiting.values();
    const isDone = (wanted: number) => behind === null && (oldest === undefined || oldest.sequence > wanted);
    for (const flush of flushes) if (isDone(flush.sequence)) flush.done();
    flushes = flushes.filter((flush) => !isDone(flush.sequence));
  }

  /** Resolves when everything said so far is committed. */
  function flush(): Promise<void> {
    journal.flush();
    if (isStopped || (waiting.size === 0 && behind === null && !isPumping)) return Promise.resolve();
    return new Promise((resolve) => {
      flushes.push({ sequence, done: resolve });
      wake();
      schedule();
    });
  }

  /** Takes no more opens, commits what it can within the time, and leaves the rest in the journal. */
  async function close(withinMs = 5_000) {
    isClosed = true;
    let giveUp: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      giveUp = setTimeout(resolve, withinMs);
    });
    await Promise.race([flush(), late]);
    clearTimeout(giveUp);
    isStopped = true;
    wake();
    if (timer !== null) clearTimeout(timer);
    const lost = [...waiting.values()].filter(({ segments }) => segments.length === 0).length;
    if (lost > 0) log.error({ events: lost }, "usage events are lost: neither disk nor database took them");
    journal.close();
  }

  return {
    open,
    progress,
    final,
    canRecord,
    flush,
    close,
    /** Writes the current tick's lines now: for a process that is about to end. */
    writeNow: journal.flush,
    stats: () => ({
      waiting: waiting.size,
      inFlight,
      isBehind: behind !== null,
      failures,
      droppedFinals,
      journalBytes: journal.bytes(),
      segments: journal.segments(),
    }),
  };
}
