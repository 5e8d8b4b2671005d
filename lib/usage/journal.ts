import fs from "node:fs";
import { join } from "node:path";
import { AppError } from "@/lib/errors";
import { encodeHeader, segmentName } from "./journal-line";
import { claim, TOUCH_EVERY_MS, touch } from "./journal-lock";
import { type Position, readLines } from "./journal-reader";

type Options<Item> = {
  /** The replica's own directory; made at the first write. */
  directory: string;
  replicaId: string;
  /** From here on opens are refused; finals of requests under way are still taken. */
  maxBytes?: number;
  segmentBytes?: number;
  /** A tick's items are on disk, one line each, from this position on. */
  onWritten: (items: Item[], from: Position) => void;
  /** A tick's items could not be written; none of them is on disk. */
  onFailed: (items: Item[], cause: unknown) => void;
  /** Writing works again after a failure. */
  onRecovered: () => void;
  /** How text reaches a file; tests fill the disk here. */
  write?: (file: number, lines: Uint8Array) => number;
};

type Segment = { number: number; bytes: number; unreleased: number; file: number };

const GIBIBYTE = 1024 ** 3;
/** A segment that holds nothing unreleased is left behind from this size on, so that a restart replays little. */
const WORTH_LEAVING_BYTES = 1024 ** 2;
/** What a power cut may take; the crash of a process takes nothing that was written. */
const SYNC_EVERY_MS = 1_000;
const PROBE_EVERY_MS = 1_000;
const PROBE = Buffer.alloc(64 * 1024, "-");

export type Journal<Item> = ReturnType<typeof createJournal<Item>>;

/**
 * An append-only log in numbered segments. Lines of one tick share one write, made at the end of the tick: measured at
 * 15,000 lines a second, `writeSync` in a `setImmediate` costs 3.0 µs a line and settles at p99 in 0.08 ms; an asynchronous
 * write costs 4.2 µs and 0.2 ms, for the trip through the thread pool. No line waits for the disk: `fdatasync` follows in
 * the background.
 */
export function createJournal<Item>(options: Options<Item>) {
  const { directory, replicaId, maxBytes = GIBIBYTE, segmentBytes = 8 * 1024 ** 2, write = fs.writeSync } = options;
  const segments = new Map<number, Segment>();
  let current: Segment | null = null;
  let lastNumber = 0;
  let totalBytes = 0;
  let text = "";
  let items: Item[] = [];
  let group: Group | null = null;
  let isScheduled = false;
  let isBroken = false;
  let isClaimed = false;
  let unsynced: number | null = null;

  const timers = [
    setInterval(sync, SYNC_EVERY_MS),
    setInterval(probe, PROBE_EVERY_MS),
    setInterval(() => isClaimed && attempt(() => touch(directory)), TOUCH_EVERY_MS),
  ];
  for (const timer of timers) timer.unref();

  /** Adds a line to this tick's write. */
  function append(line: string, item: Item) {
    text += line;
    items.push(item);
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(flush);
  }

  /** Settles with this tick's write: rejects `usage_unavailable` if it fails. */
  function written(): Promise<void> {
    group ??= makeGroup();
    return group.promise;
  }

  /** Writes now what the tick has collected. */
  function flush() {
    isScheduled = false;
    if (items.length === 0) return;
    const [lines, owners, waiting] = [text, items, group];
    text = "";
    items = [];
    group = null;
    try {
      options.onWritten(owners, put(lines, owners.length));
      waiting?.resolve();
    } catch (cause) {
      isBroken = true;
      options.onFailed(owners, cause);
      waiting?.reject(unavailable(cause));
    }
  }

  function put(lines: string, count: number): Position {
    const segment = current ?? startSegment();
    const from = { segment: segment.number, offset: segment.bytes };
    writeWhole(segment, lines);
    segment.unreleased += count;
    unsynced = segment.file;
    if (segment.bytes >= segmentBytes) leave(segment);
    return from;
  }

  /** All or nothing: a disk that fills up half way must not keep opens whose requests were refused. */
  function writeWhole(segment: Segment, text: string) {
    const lines = Buffer.from(text);
    const size = lines.length;
    try {
      const done = write(segment.file, lines);
      if (done < size) throw new Error(`only ${done} of ${size} bytes could be written`);
    } catch (error) {
      attempt(() => fs.ftruncateSync(segment.file, segment.bytes));
      leave(segment);
      throw error;
    }
    segment.bytes += size;
    totalBytes += size;
  }

  function startSegment(): Segment {
    fs.mkdirSync(directory, { recursive: true });
    if (!isClaimed) claim(directory);
    isClaimed = true;
    lastNumber += 1;
    const file = fs.openSync(join(directory, segmentName(lastNumber)), "wx", 0o600);
    const segment: Segment = { number: lastNumber, bytes: 0, unreleased: 0, file };
    segments.set(segment.number, segment);
    writeWhole(segment, encodeHeader(replicaId));
    current = segment;
    return segment;
  }

  /** Nothing more is written to this segment: the next line begins a new one. */
  function leave(segment: Segment) {
    if (current === segment) current = null;
    if (unsynced === segment.file) unsynced = null;
    fs.fdatasync(segment.file, () => fs.close(segment.file, () => undefined));
    dropIfReleased(segment);
  }

  /** Says that `count` lines of a segment have reached the database for good. */
  function release(number: number, count = 1) {
    const segment = segments.get(number);
    if (segment === undefined) return;
    segment.unreleased -= count;
    if (segment !== current) dropIfReleased(segment);
    else if (segment.unreleased === 0 && segment.bytes >= Math.min(WORTH_LEAVING_BYTES, maxBytes)) leave(segment);
  }

  function dropIfReleased(segment: Segment) {
    if (segment.unreleased > 0 || !segments.delete(segment.number)) return;
    totalBytes -= segment.bytes;
    // A file that stays is replayed once more at the next start, which changes nothing.
    fs.unlink(join(directory, segmentName(segment.number)), () => undefined);
  }

  function sync() {
    const file = unsynced;
    unsynced = null;
    if (file !== null) fs.fdatasync(file, () => undefined);
  }

  /** After a failure: is there room again? */
  function probe() {
    if (!isBroken) return;
    const path = join(directory, "probe");
    try {
      fs.mkdirSync(directory, { recursive: true });
      const file = fs.openSync(path, "w", 0o600);
      try {
        if (write(file, PROBE) < PROBE.length) return;
      } finally {
        fs.closeSync(file);
        fs.unlinkSync(path);
      }
    } catch {
      return;
    }
    isBroken = false;
    options.onRecovered();
  }

  /** Where the next line will be written. */
  function end(): Position {
    return current === null
      ? { segment: lastNumber + 1, offset: 0 }
      : { segment: current.number, offset: current.bytes };
  }

  /** Lines from a position up to what is written, each with its segment; none at the end. Released segments are stepped over. */
  function read(from: Position): { lines: string[]; segment: number; next: Position } {
    let position = from;
    const last = end();
    while (position.segment < last.segment || position.offset < last.offset) {
      const segment = segments.get(position.segment);
      if (segment !== undefined && position.offset < segment.bytes) {
        const { lines, next } = readLines(directory, position);
        const isStuck = next === position.offset;
        const after = { segment: segment.number, offset: isStuck ? segment.bytes : next };
        return { lines: position.offset === 0 ? lines.slice(1) : lines, segment: segment.number, next: after };
      }
      position = { segment: position.segment + 1, offset: 0 };
    }
    return { lines: [], segment: position.segment, next: position };
  }

  /** Ends the journal. With everything released its directory goes; else it stays for whoever starts next. */
  function close() {
    flush();
    for (const timer of timers) clearInterval(timer);
    if (current !== null) {
      const { file } = current;
      attempt(() => fs.fdatasyncSync(file));
      attempt(() => fs.closeSync(file));
    }
    const isEmpty = [...segments.values()].every((segment) => segment.unreleased <= 0);
    if (isEmpty && isClaimed) attempt(() => fs.rmSync(directory, { recursive: true, force: true }));
    segments.clear();
    current = null;
  }

  return {
    append,
    written,
    flush,
    release,
    read,
    end,
    close,
    /** False while the disk refuses, or the bound is reached. */
    canOpen: () => !isBroken && totalBytes < maxBytes,
    /** True while so much is free that what could be left out may be written too. */
    hasRoomToSpare: () => !isBroken && totalBytes < maxBytes / 4,
    isBroken: () => isBroken,
    bytes: () => totalBytes,
    segments: () => segments.size,
  };
}

type Group = { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void };

function makeGroup(): Group {
  let resolve: Group["resolve"] = () => undefined;
  let reject: Group["reject"] = () => undefined;
  const promise = new Promise<void>((onFulfilled, onRejected) => {
    resolve = onFulfilled;
    reject = onRejected;
  });
  return { promise, resolve, reject };
}

/** What a caller hears while usage can't be recorded. */
export function unavailable(cause?: unknown) {
  return new AppError("usage_unavailable", "Usage cannot be recorded right now, so no new request is taken.", {
    cause,
    retryAfterSeconds: 5,
  });
}

/** For what is better done but may fail: the caller's guarantee doesn't rest on it. */
function attempt(work: () => unknown) {
  try {
    work();
  } catch {}
}
