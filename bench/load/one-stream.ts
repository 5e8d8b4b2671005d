import type { Socket } from "node:net";
import { now } from "./http-client";

const TOKEN = '"content":" ';
/** The last bytes of an answer in chunks. */
const LAST_CHUNK = "\r\n0\r\n\r\n";

/** What a stream tells while it runs. Times in ms. */
export type Watcher = { onFirstEvent(afterMs: number): void; onToken(delayMs: number, gapMs: number | null): void };

/** Reads one stream: counts its tokens, and takes the time that each carries as its text. */
export class OneStream {
  private readonly wanted: number;
  private readonly watcher: Watcher;
  private startedAt = 0;
  private lastAt: number | null = null;
  private tokens = 0;
  private kept = "";
  private isBegun = false;
  private isGood = false;
  private isDone = false;

  constructor(wanted: number, watcher: Watcher) {
    this.wanted = wanted;
    this.watcher = watcher;
  }

  /** Asks, and settles at the end: true if the stream came whole, with its status, every token and its end mark. */
  over(socket: Socket, request: Buffer): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (isWhole: boolean) => {
        socket.off("data", onData);
        socket.off("close", onClose);
        resolve(isWhole);
      };
      const onClose = () => finish(false);
      const onData = (chunk: Buffer) => {
        if (this.take(chunk)) finish(this.isGood && this.isDone && this.tokens === this.wanted);
      };
      socket.on("data", onData);
      socket.once("close", onClose);
      this.startedAt = now();
      socket.write(request);
    });
  }

  /** True at the end of the answer. */
  private take(chunk: Buffer): boolean {
    const at = now();
    const text = this.kept === "" ? chunk.toString("latin1") : this.kept + chunk.toString("latin1");
    if (!this.isBegun && !this.begin(text, at)) {
      this.kept = text;
      // A refusal is no stream: it has a length and a whole body.
      return text.includes("\r\n\r\n{");
    }
    let from = 0;
    for (;;) {
      const token = text.indexOf(TOKEN, from);
      const end = token === -1 ? -1 : text.indexOf('"', token + TOKEN.length);
      if (end === -1) break;
      this.count(at, Number(text.slice(token + TOKEN.length, end)));
      from = end;
    }
    if (text.includes("[DONE]", from)) this.isDone = true;
    // What may be the beginning of a token or of the end stays for the next chunk.
    const lastLine = text.lastIndexOf("\ndata:");
    this.kept = this.isDone ? text.slice(-16) : text.slice(Math.max(from, lastLine, 0));
    return text.endsWith(LAST_CHUNK);
  }

  private begin(text: string, at: number) {
    if (!text.includes("data: ")) return false;
    this.isBegun = true;
    this.isGood = text.startsWith("HTTP/1.1 200");
    this.watcher.onFirstEvent(at - this.startedAt);
    return true;
  }

  private count(at: number, sentAt: number) {
    this.tokens += 1;
    this.watcher.onToken(at - sentAt, this.lastAt === null ? null : at - this.lastAt);
    this.lastAt = at;
  }
}
