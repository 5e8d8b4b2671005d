import { errorEvent } from "./errors";
import { type Exchange, STREAM_TYPE } from "./exchange";
import type { FailureMode } from "./failures";

/** More than this unread by the client, and the stream waits for it. */
const MAX_PENDING = 8 * 1024 * 1024;

const ENDINGS = ["silence", "cut", "end-early", "stream-error"] as const satisfies readonly FailureMode[];

/** Writes server-sent events, many to one socket write, and misbehaves when told to. */
export class SseWriter {
  private readonly exchange: Exchange;
  private pending = "";
  private pendingEvents = 0;
  private pendingTokens = 0;
  private blocked = false;
  private closing = false;
  private held = false;
  /** Nothing more goes out: the stream was broken off, fell silent, or its client left. */
  stopped = false;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  /** The client reads too slowly to take more. */
  get full() {
    return this.pending.length > MAX_PENDING;
  }

  open() {
    const { exchange } = this;
    if (exchange.res.headersSent) return;
    exchange.entry.streamed = true;
    exchange.head(200, STREAM_TYPE);
    exchange.res.flushHeaders();
  }

  /** One event with `tokens` tokens in it. False once nothing more may follow. */
  event(data: string, tokens: number, name?: string): boolean {
    if (this.stopped) return false;
    this.pending += name === undefined ? `data: ${data}\n\n` : `event: ${name}\ndata: ${data}\n\n`;
    this.pendingEvents += 1;
    this.pendingTokens += tokens;
    return this.exchange.failing.quirks === undefined || this.misbehave();
  }

  /** Tokens that make no event: they go out, as numbers, with the next one. */
  silent(tokens: number): boolean {
    this.pendingTokens += tokens;
    return !this.stopped;
  }

  flush() {
    if (this.blocked || this.pending === "" || this.exchange.res.destroyed) return;
    const { entry, failing, res } = this.exchange;
    if (failing.quirks?.["merged-events"] && !this.held && !this.closing) {
      this.held = true;
      return;
    }
    this.held = false;
    entry.sentEvents += this.pendingEvents;
    entry.sentTokens += this.pendingTokens;
    const text = this.pending;
    this.forget();
    if (!this.write(text)) {
      this.blocked = true;
      res.once("drain", () => {
        this.blocked = false;
        this.flush();
        if (this.closing) res.end();
      });
    }
  }

  /** Ends the stream, after `[DONE]` where the protocol has it. */
  end(done?: "[DONE]") {
    if (this.stopped) return;
    if (done) this.pending += "data: [DONE]\n\n";
    this.close();
  }

  private close() {
    this.stopped = true;
    this.closing = true;
    this.flush();
    if (!this.blocked) this.exchange.res.end();
  }

  private write(text: string): boolean {
    const { res, failing } = this.exchange;
    this.open();
    const quirks = failing.quirks;
    if (quirks === undefined) return res.write(text);
    let wire = quirks.comments ? text.replaceAll("\n\n", "\n\n: keep-alive\n\n\n") : text;
    if (quirks.crlf) wire = wire.replaceAll("\n", "\r\n");
    if (!quirks["split-bytes"]) return res.write(wire);
    let room = true;
    for (const byte of Buffer.from(wire)) room = res.write(Buffer.of(byte));
    return room;
  }

  private forget() {
    this.pending = "";
    this.pendingEvents = 0;
    this.pendingTokens = 0;
  }

  /** After each event of a stream that has something wrong with it. */
  private misbehave(): boolean {
    const { failing, entry, pod, res } = this.exchange;
    const quirks = failing.quirks ?? {};
    const sent = entry.sentEvents + this.pendingEvents;
    if (quirks["garbage-event"] && sent === (quirks["garbage-event"].afterEvents ?? 1)) {
      this.pending += 'data: {"id":"chatcmpl-broken","choices":[{"ind\n\n';
    }
    if (quirks["huge-line"] && sent === (quirks["huge-line"].afterEvents ?? 1)) {
      this.pending += `data: ${JSON.stringify({ padding: "x".repeat(quirks["huge-line"].bytes ?? 4_194_304) })}\n\n`;
    }
    const ending = ENDINGS.find((mode) => quirks[mode] && sent >= (quirks[mode]?.afterEvents ?? 3));
    if (!ending) return true;
    if (quirks[ending]?.afterEvents === 0) this.forget();
    if (ending === "stream-error") {
      const message = quirks["stream-error"]?.body ?? "Internal server error";
      this.pending += `data: ${errorEvent({ status: 500, type: "InternalServerError", param: null, message })}\n\n`;
      this.pending += "data: [DONE]\n\n";
    }
    if (ending === "end-early" || ending === "stream-error") this.close();
    else this.flush();
    this.stopped = true;
    if (ending === "cut") {
      pod.ledger.end(entry, "cut");
      // An empty write's callback comes when all before it has left.
      res.write("", () => res.socket?.destroy());
    }
    // A silent pod keeps its slot; the other endings free it.
    if (ending !== "silence" && this.exchange.work) pod.engine.abort(this.exchange.work);
    return false;
  }
}
