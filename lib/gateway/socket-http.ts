import type { Socket } from "node:net";
import { Outbox } from "@/lib/http/outbox";
import { type PlainHead, readPlainHead } from "@/lib/http/plain-request";
import { readShared, type SharedReads } from "@/lib/http/shared-reads";
import { tooLarge } from "./check";
import type { Handle } from "./gateway";
import { isGatewayPath } from "./routes";
import { type Answering, createTail, SocketClient, type Wire } from "./socket-client";

export type SocketHandlerOptions = {
  handle: Handle;
  /** Go out with every answer. */
  commonHeaders?: Readonly<Record<string, string>>;
  /** Plain requests are no longer wanted: they go where all others go, to be told so. */
  isStopping?: () => boolean;
  /** A request has come, and its answer is out or its client has gone. */
  onBegin?: () => void;
  onOver?: () => void;
  /** Ms for which an idle connection is kept, and for which a client may take nothing of an ended answer's rest. */
  keepAliveMs?: number;
  stuckMs?: number;
};

/** Takes a connection; what is not a plain request of ours goes to `elsewhere`, with all its bytes and for good. */
export type SocketHandler = {
  take(socket: Socket, elsewhere: (socket: Socket) => void): void;
  closeAll(): void;
};

/** Longer than the minute after which balancers drop idle connections: the side that may open must close last. */
const KEEP_ALIVE_MS = 75_000;
const LONGEST_STUCK_MS = 60_000;
/** Larger bodies go where uploads are watched. */
const LARGEST_BODY = 1024 * 1024;
/** A request that takes longer than this to arrive is one that has to be watched; so is a new connection that is silent. */
const ARRIVAL_MS = 150;
const SWEEP_MS = 100;
/** Up to here what a client sends ahead is read while it waits for an answer. */
const MOST_AHEAD = 64 * 1024;

/**
 * The gateway on raw sockets, for the requests that are nearly all there are: `node:http` spends more on a plain request
 * than the gateway does. Only what cannot be misread is answered here; every connection that brings anything else, or
 * brings it slowly, is handed to the full server at that moment.
 */
export function createSocketHandler(options: SocketHandlerOptions): SocketHandler {
  const connections = new Set<PlainConnection>();
  const { commonHeaders = {}, keepAliveMs = KEEP_ALIVE_MS } = options;
  const shared = { ...options, connections, tail: createTail(commonHeaders, keepAliveMs) };
  let sweeping: NodeJS.Timeout | undefined;

  function sweep() {
    const now = performance.now();
    for (const connection of connections) connection.look(now);
    if (connections.size > 0) return;
    clearInterval(sweeping);
    sweeping = undefined;
  }

  return {
    take(socket, elsewhere) {
      connections.add(new PlainConnection(socket, elsewhere, shared));
      sweeping ??= setInterval(sweep, SWEEP_MS).unref();
    },
    closeAll() {
      for (const connection of connections) connection.destroy();
    },
  };
}

type Shared = SocketHandlerOptions & Answering & { connections: Set<PlainConnection> };

/** One connection as long as it brings plain requests, one after the other. */
class PlainConnection implements Wire {
  readonly socket: Socket;
  readonly outbox: Outbox;
  readonly peerIp: string | null;
  private readonly reads: SharedReads;
  private readonly elsewhere: (socket: Socket) => void;
  private readonly shared: Shared;
  private client: SocketClient | null = null;
  private parts: Buffer[] = [];
  private bytes = 0;
  private head: PlainHead | null = null;
  /** Monotonic ms since which it has been waiting for a request, or for the rest of one. */
  private waitingSince = performance.now();
  private isNew = true;
  private isPaused = false;

  constructor(accepted: Socket, elsewhere: (socket: Socket) => void, shared: Shared) {
    this.reads = readShared(accepted, (bytes) => this.receive(bytes));
    const { socket } = this.reads;
    this.socket = socket;
    this.outbox = new Outbox(socket, () => this.client?.drained());
    this.elsewhere = elsewhere;
    this.shared = shared;
    this.peerIp = socket.remoteAddress ?? null;
    socket.on("drain", this.onDrain);
    socket.on("end", this.onEnd);
    socket.on("error", this.onError);
    socket.on("timeout", this.onTimeout);
    socket.on("close", this.onClose);
  }

  destroy() {
    this.socket.destroy();
  }

  /** Hands on whoever is slow, and ends whoever has been idle for too long. */
  look(now: number) {
    if (this.client !== null) return;
    const waited = now - this.waitingSince;
    if (this.bytes > 0 || this.isNew) {
      if (waited > ARRIVAL_MS) this.handOver();
    } else if (waited > (this.shared.keepAliveMs ?? KEEP_ALIVE_MS)) this.socket.destroy();
  }

  /** The bytes are valid during the call alone. False: nothing more for now. */
  private receive(bytes: Buffer): boolean {
    if (this.bytes === 0) {
      this.waitingSince = performance.now();
      // Nearly always a whole request in one piece: what is kept of it is copied, and nothing else.
      if (this.client === null && this.serveWhole(bytes)) return true;
    }
    this.parts.push(Buffer.from(bytes));
    this.bytes += bytes.length;
    if (this.client === null) this.serve();
    else this.isPaused = this.bytes > MOST_AHEAD;
    return !this.isPaused;
  }

  private readonly onDrain = () => {
    this.socket.setTimeout(0);
    this.outbox.drained();
  };

  /** Whoever closes its side wants nothing more; `node:http` sees it the same way. */
  private readonly onEnd = () => this.socket.destroy();

  private readonly onError = () => this.socket.destroy();

  /** A rest that left without a `drain` leaves the time running: then it is the next call that is quiet, which may be. */
  private readonly onTimeout = () => {
    if (this.socket.writableLength > 0) this.socket.destroy();
    else this.socket.setTimeout(0);
  };

  private readonly onClose = () => {
    this.shared.connections.delete(this);
    this.client?.left();
  };

  /** Answers the request that these bytes are, if they are exactly one. */
  private serveWhole(bytes: Buffer): boolean {
    const head = readPlainHead(bytes);
    if (head === null || bytes.length !== head.bodyAt + head.bodyBytes || !this.isOurs(head)) return false;
    this.handle(head, Buffer.from(bytes.subarray(head.bodyAt)));
    return true;
  }

  /** Answers the request that the bytes so far hold, if they do. */
  private serve() {
    this.head ??= readPlainHead(this.joined());
    const { head } = this;
    if (head === null || !this.isOurs(head)) return this.handOver();
    const end = head.bodyAt + head.bodyBytes;
    // Joined once and not with each piece: a body in a thousand pieces would be copied a thousand times.
    if (this.bytes < end) return;
    const bytes = this.joined();
    this.parts = bytes.length === end ? [] : [bytes.subarray(end)];
    this.bytes -= end;
    this.head = null;
    this.handle(head, bytes.subarray(head.bodyAt, end));
  }

  private handle(head: PlainHead, body: Buffer) {
    this.isNew = false;
    const client = new SocketClient(this, this.shared);
    this.client = client;
    this.shared.onBegin?.();
    void this.shared.handle(
      {
        method: head.method,
        path: head.path,
        headers: head.headers,
        peerIp: this.peerIp,
        readBody(limit) {
          if (body.length > limit) throw tooLarge(limit);
          return body;
        },
      },
      client,
    );
  }

  private isOurs({ method, path, bodyBytes }: PlainHead) {
    if (this.shared.isStopping?.() || bodyBytes > LARGEST_BODY || (method === "GET" && bodyBytes > 0)) return false;
    return isGatewayPath(path);
  }

  private joined() {
    const [first] = this.parts;
    if (this.parts.length === 1 && first !== undefined) return first;
    const joined = Buffer.concat(this.parts, this.bytes);
    this.parts = [joined];
    return joined;
  }

  /** The answer is complete. What the client sent ahead is next. */
  answered(isLast: boolean) {
    this.client = null;
    this.shared.onOver?.();
    this.waitingSince = performance.now();
    const { socket } = this;
    if (isLast) {
      this.outbox.flush();
      socket.end();
    }
    // Any progress renews the wait, and it ends when all is out.
    if (socket.writableLength > 0) socket.setTimeout(this.shared.stuckMs ?? LONGEST_STUCK_MS);
    if (this.isPaused) {
      this.isPaused = false;
      socket.resume();
    }
    if (this.bytes > 0) setImmediate(this.goOn);
  }

  private readonly goOn = () => {
    if (this.client === null && this.bytes > 0 && !this.socket.destroyed) this.serve();
  };

  private handOver() {
    const { socket } = this;
    this.shared.connections.delete(this);
    this.outbox.flush();
    socket.setTimeout(0);
    socket.pause();
    this.reads.letGo();
    socket.off("drain", this.onDrain).off("end", this.onEnd);
    socket.off("error", this.onError).off("timeout", this.onTimeout).off("close", this.onClose);
    const bytes = this.bytes === 0 ? null : this.joined();
    if (bytes !== null) socket.unshift(bytes);
    this.elsewhere(socket);
    socket.resume();
  }
}
