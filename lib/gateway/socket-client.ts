import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Outbox } from "@/lib/http/outbox";
import { framed } from "./chunk-frames";
import type { Client } from "./client";

/** The connection an answer goes out on. */
export interface Wire {
  readonly socket: Socket;
  readonly outbox: Outbox;
  /** Its answer is complete; `isLast` says that no other will follow. */
  answered(isLast: boolean): void;
  destroy(): void;
}

/** What all answers of a listener have in common. */
export type Answering = {
  tail: (isLast: boolean) => string;
  isStopping?: () => boolean;
  /** A request's answer is out, or its client has gone. */
  onOver?: () => void;
};

/** Up to here an answer leaves as one string: the kernel takes it from the stack, without an object for the write. */
const WRITTEN_AS_TEXT = 12 * 1024;

/** The header lines that all answers share, made anew each second for their date. */
export function createTail(commonHeaders: Readonly<Record<string, string>>, keepAliveMs: number) {
  const common = Object.entries(commonHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
  const stays = `connection: keep-alive\r\nkeep-alive: timeout=${Math.floor(keepAliveMs / 1_000)}\r\n`;
  let second = 0;
  let tail = "";
  return (isLast: boolean) => {
    const now = Date.now();
    if (now - second >= 1_000 || now < second) {
      second = now - (now % 1_000);
      tail = `${common.join("")}date: ${new Date(second).toUTCString()}\r\n`;
    }
    return isLast ? `${tail}connection: close\r\n` : tail + stays;
  };
}

/** One answer on a raw socket. */
export class SocketClient implements Client {
  onGone: (() => void) | null = null;
  onDrain: (() => void) | null = null;
  waitingSince: number | null = null;
  isGone = false;
  private readonly wire: Wire;
  private readonly answering: Answering;
  private isLast = false;

  constructor(wire: Wire, answering: Answering) {
    this.wire = wire;
    this.answering = answering;
  }

  begin(status: number, headers: Record<string, string>) {
    if (this.isGone) return;
    this.wire.outbox.send(`${this.headOf(status, headers)}transfer-encoding: chunked\r\n\r\n`);
  }

  write(text: string) {
    // An empty chunk would be the end mark.
    if (this.isGone || text === "") return true;
    const goesOn = this.wire.outbox.send(framed(text));
    if (!goesOn) this.waitingSince ??= performance.now();
    return goesOn;
  }

  end() {
    if (this.isGone) return;
    this.wire.outbox.send("0\r\n\r\n");
    this.over();
  }

  answer(status: number, headers: Record<string, string>, body: Buffer) {
    if (this.isGone) return;
    const { socket, outbox } = this.wire;
    const head = `${this.headOf(status, headers)}content-length: ${body.length}\r\n\r\n`;
    if (body.length <= WRITTEN_AS_TEXT) outbox.send(head + body.toString("latin1"));
    else {
      outbox.flush();
      socket.cork();
      socket.write(head, "latin1");
      socket.write(body);
      socket.uncork();
    }
    this.over();
  }

  cut() {
    this.wire.destroy();
  }

  drained() {
    this.waitingSince = null;
    this.onDrain?.();
  }

  left() {
    if (this.isGone) return;
    this.isGone = true;
    const heard = this.onGone;
    this.onGone = null;
    this.answering.onOver?.();
    heard?.();
  }

  private over() {
    this.isGone = true;
    this.onGone = null;
    this.wire.answered(this.isLast);
  }

  private headOf(status: number, headers: Readonly<Record<string, string>>) {
    this.isLast = this.answering.isStopping?.() === true;
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${this.answering.tail(this.isLast)}`;
    for (const name in headers) if (name !== "content-length") head += `${name}: ${headers[name]}\r\n`;
    return head;
  }
}
