import type { IncomingHttpHeaders } from "node:http";

export type Outcome =
  | "open"
  | "completed" // the whole answer was handed to the socket
  | "client_closed" // the client left first
  | "refused" // an answer with a status of 400 or more
  | "cut"; // the simulator broke it off on purpose

/** What the pod itself knows of one request. Times are Unix milliseconds. */
export type LedgerEntry = {
  seq: number;
  requestId: string | undefined;
  method: string;
  /** The request target as it arrived, query included. */
  path: string;
  headers: IncomingHttpHeaders;
  bodyBytes: number;
  /** The body as it arrived; kept only when asked for. */
  body: string | undefined;
  /** A number per TCP connection, so reuse can be seen. */
  connection: number;
  status: number | undefined;
  streamed: boolean;
  promptTokens: number;
  cachedTokens: number;
  /** Tokens the engine made, end-of-text tokens included, as vLLM counts them. */
  producedTokens: number;
  /** Tokens in events (or the answer) that were written to the socket. */
  sentTokens: number;
  /** SSE events written, `[DONE]` not counted. */
  sentEvents: number;
  outcome: Outcome;
  startedAt: number;
  firstTokenAt: number | undefined;
  endedAt: number | undefined;
};

/** The last requests, newest last, and how many connections are open. */
export class Ledger {
  openConnections = 0;
  totalConnections = 0;
  totalRequests = 0;
  private kept: LedgerEntry[] = [];
  private readonly size: number;
  private readonly waiting = new Set<{
    matches: (entry: LedgerEntry) => boolean;
    done: (entry: LedgerEntry) => void;
  }>();

  constructor(size: number) {
    this.size = size;
  }

  get entries(): readonly LedgerEntry[] {
    return this.kept.length > this.size ? this.kept.slice(-this.size) : this.kept;
  }

  find(requestId: string): LedgerEntry | undefined {
    return this.kept.findLast((entry) => entry.requestId === requestId);
  }

  get last(): LedgerEntry | undefined {
    return this.kept.at(-1);
  }

  clear() {
    this.kept = [];
  }

  add(entry: LedgerEntry) {
    this.totalRequests += 1;
    this.kept.push(entry);
    // Dropped in blocks: shifting one at a time costs each request.
    if (this.kept.length >= this.size * 2) this.kept = this.kept.slice(-this.size);
  }

  end(entry: LedgerEntry, outcome: Outcome) {
    if (entry.endedAt !== undefined) return;
    entry.outcome = outcome;
    entry.endedAt = Date.now();
    for (const waiter of this.waiting) {
      if (waiter.matches(entry)) waiter.done(entry);
    }
  }

  /** The entry of a request (by id or condition) once it has ended; rejects after `timeoutMs`. */
  ended(which: string | ((entry: LedgerEntry) => boolean), timeoutMs = 5_000): Promise<LedgerEntry> {
    const matches = typeof which === "string" ? (entry: LedgerEntry) => entry.requestId === which : which;
    const already = this.kept.findLast((entry) => entry.endedAt !== undefined && matches(entry));
    if (already) return Promise.resolve(already);
    return new Promise((resolve, reject) => {
      const waiter = {
        matches,
        done: (entry: LedgerEntry) => {
          clearTimeout(timer);
          this.waiting.delete(waiter);
          resolve(entry);
        },
      };
      const timer = setTimeout(() => {
        this.waiting.delete(waiter);
        reject(new Error(`No such request ended within ${timeoutMs} ms.`));
      }, timeoutMs);
      this.waiting.add(waiter);
    });
  }
}
