import type { Socket } from "node:net";

/** What waits to be written at the end of this turn of the event loop, on whichever connections. */
let waiting: Outbox[] = [];

function flushAll() {
  const outboxes = waiting;
  waiting = [];
  for (const outbox of outboxes) outbox.flush();
}

/**
 * What goes out on a socket, one write a turn. Writing wakes whoever reads, and waking an idle process costs the kernel more
 * than copying the bytes: the answers of a turn are written one right after the other, when the first has woken them all,
 * and what several events of a stream brought leaves together. Nothing waits longer than the turn takes.
 */
export class Outbox {
  private readonly socket: Socket;
  private readonly onRoom: () => void;
  private text = "";
  private hasFilled = false;

  /** `onRoom` is heard after `send` has said that there is no more room, once there is. */
  constructor(socket: Socket, onRoom: () => void) {
    this.socket = socket;
    this.onRoom = onRoom;
  }

  /** Latin-1. False: more waits than should. */
  send(text: string): boolean {
    if (this.text === "" && text !== "" && waiting.push(this) === 1) setImmediate(flushAll);
    this.text += text;
    const hasRoom = this.socket.writableLength + this.text.length < this.socket.writableHighWaterMark;
    if (!hasRoom) this.hasFilled = true;
    return hasRoom;
  }

  /** Writes now what waits. */
  flush() {
    const { text, socket } = this;
    if (text === "") return;
    this.text = "";
    if (socket.destroyed || !socket.writable) return;
    // Where the kernel took all of it, no `drain` follows.
    if (socket.write(text, "latin1") || socket.writableLength === 0) this.drained();
  }

  /** To be called when the socket has drained. */
  drained() {
    if (!this.hasFilled) return;
    this.hasFilled = false;
    this.onRoom();
  }
}
