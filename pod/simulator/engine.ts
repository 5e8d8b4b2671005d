import type { LedgerEntry } from "./ledger";
import type { PodMetrics } from "./metrics";

/** One request's work. The engine decides when tokens are made, the job what becomes of them. */
export type Job = {
  /** Tokens each sequence will make; more than one for `n` > 1 or several prompts. */
  lengths: readonly number[];
  /** What each sequence reports when it is done. */
  reasons: readonly string[];
  /** Where the engine books the tokens it makes. */
  entry: LedgerEntry;
  /** Prompt tokens of all sequences together. */
  prefillTokens: number;
  cachedTokens: number;
  ttftMs: number;
  /** 0: as fast as the client takes them. */
  intervalMs: number;
  /** The batch's prefill is done, its first token is next. */
  begin(): void;
  /** Steps `from` (included) to `to` (excluded) are due. Returns how many of them the job took; the rest stay due. */
  advance(from: number, to: number): number;
  finish(): void;
  /** The queue is full. */
  overflow(): void;
  /** The engine died under it. */
  die(): void;
};

type Entry = {
  job: Job;
  state: "waiting" | "running" | "over";
  queuedAt: number;
  admittedAt: number;
  firstTokenAt: number;
  steps: number;
  step: number;
  produced: number;
};

/** A job the engine has taken, to be ended early. */
export type Handle = Entry;

const TICK_MS = 4;
/** A job without a pace gives way to others after so many steps. */
const BURST = 1_024;

/** Sequences that run at once, a first-in-first-out queue behind them, and one timer for all of them. */
export class Engine {
  maxRunning: number;
  maxWaiting: number;
  private readonly metrics: PodMetrics;
  private readonly now: () => number;
  private readonly runningJobs = new Set<Entry>();
  private readonly queue: Entry[] = [];
  private sequences = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(limits: { maxRunning: number; maxWaiting: number }, metrics: PodMetrics, now = () => performance.now()) {
    this.maxRunning = limits.maxRunning;
    this.maxWaiting = limits.maxWaiting;
    this.metrics = metrics;
    this.now = now;
  }

  /** Sequences being generated. */
  get running() {
    return this.sequences;
  }

  get waiting() {
    return this.queue.length;
  }

  /** Tokens held for running requests. */
  get heldTokens() {
    let tokens = 0;
    for (const { job, produced } of this.runningJobs) tokens += job.prefillTokens + produced;
    return tokens;
  }

  submit(job: Job): Handle {
    const steps = job.lengths.length === 1 ? (job.lengths[0] ?? 0) : Math.max(0, ...job.lengths);
    const at = this.now();
    const entry: Entry = {
      job,
      state: "waiting",
      queuedAt: at,
      admittedAt: at,
      firstTokenAt: 0,
      steps,
      step: 0,
      produced: 0,
    };
    if (this.queue.length === 0 && this.hasRoom(entry)) {
      this.admit(entry, at);
      if (job.ttftMs <= 0) this.progress(entry, at);
    } else if (this.queue.length >= this.maxWaiting) {
      entry.state = "over";
      this.metrics.rejections += 1;
      job.overflow();
    } else this.queue.push(entry);
    return entry;
  }

  /** Frees the slot at once. Nothing happens to a job that is over. No counter of requests knows of it, as in vLLM. */
  abort(entry: Handle) {
    if (entry.state === "over") return;
    if (entry.state === "waiting") this.queue.splice(this.queue.indexOf(entry), 1);
    this.release(entry);
  }

  /** The engine dies: whatever runs or waits ends with an error. */
  die() {
    for (const entry of [...this.queue, ...this.runningJobs]) {
      this.abort(entry);
      entry.job.die();
    }
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private hasRoom(entry: Entry) {
    return this.sequences === 0 || this.sequences + entry.job.lengths.length <= this.maxRunning;
  }

  private admit(entry: Entry, at: number) {
    entry.state = "running";
    entry.admittedAt = at;
    entry.firstTokenAt = at + entry.job.ttftMs;
    this.sequences += entry.job.lengths.length;
    this.runningJobs.add(entry);
    this.metrics.queueTime.observe((at - entry.queuedAt) / 1000);
    this.wake();
  }

  private wake() {
    this.timer ??= setTimeout(this.tick, TICK_MS);
  }

  private readonly tick = () => {
    this.timer = undefined;
    const at = this.now();
    for (const entry of this.runningJobs) {
      if (at >= entry.firstTokenAt) this.progress(entry, at);
    }
    if (this.runningJobs.size > 0) this.wake();
  };

  private progress(entry: Entry, at: number) {
    const { job } = entry;
    if (entry.job.entry.firstTokenAt === undefined) {
      job.entry.firstTokenAt = Date.now();
      this.metrics.promptTokens += job.prefillTokens;
      this.metrics.cachedTokens += job.cachedTokens;
      this.metrics.ttft.observe((at - entry.queuedAt) / 1000);
      job.begin();
    }
    const passed = job.intervalMs > 0 ? Math.floor((at - entry.firstTokenAt) / job.intervalMs) + 1 : entry.step + BURST;
    const due = Math.min(entry.steps, passed);
    if (entry.step < due && entry.state === "running") {
      const taken = job.advance(entry.step, due);
      const made = tokensBetween(job.lengths, entry.step, entry.step + taken);
      entry.step += taken;
      entry.produced += made;
      job.entry.producedTokens += made;
      this.metrics.generationTokens += made;
    }
    if (entry.step >= entry.steps && entry.state === "running") {
      this.release(entry);
      this.metrics.endToEnd.observe((at - entry.queuedAt) / 1000);
      if (entry.steps > 1) this.metrics.perToken.observe((at - entry.firstTokenAt) / 1000 / (entry.steps - 1));
      for (const reason of job.reasons) this.metrics.finished[reason] = (this.metrics.finished[reason] ?? 0) + 1;
      job.finish();
    }
  }

  private release(entry: Entry) {
    if (entry.state === "running") {
      this.sequences -= entry.job.lengths.length;
      this.runningJobs.delete(entry);
    }
    entry.state = "over";
    const at = this.queue.length > 0 ? this.now() : 0;
    while (this.queue[0] && this.hasRoom(this.queue[0])) {
      const next = this.queue.shift();
      if (next) this.admit(next, at);
    }
  }
}

/** Tokens that sequences of these lengths make in a range of steps. */
export function tokensBetween(lengths: readonly number[], from: number, to: number): number {
  let tokens = 0;
  for (const length of lengths) tokens += Math.max(0, Math.min(length, to) - from);
  return tokens;
}
