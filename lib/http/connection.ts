import { connect, isIP, type Socket, type TcpSocketConnectOpts } from "node:net";
import { connect as connectSecurely } from "node:tls";
import { type AnswerHead, BadAnswer, readAnswerHead } from "./answer-head";
import { ChunkedBody } from "./chunked-body";
import { READ_BUFFER } from "./shared-reads";

/** A request that is ready to be written. */
export type OutgoingRequest = {
  /** The request line and all headers, each ended by CRLF, without the blank line; Latin-1. */
  head: string;
  /** Null: a request without one. */
  body: Buffer | null;
  /** The most ms until the first byte of the answer's body (vLLM sends the head at once), and between two pieces of it. */
  firstByteMs: number;
  idleMs: number;
};

/** Hears one answer: `onHead` once, `onData` as often as bytes come, then `onEnd` or `onError`, once. */
export interface AnswerReader {
  onHead(head: AnswerHead): void;
  /** The bytes are valid during the call alone. False: nothing more until `resume`. */
  onData(bytes: Buffer): boolean;
  onEnd(): void;
  onError(error: BrokenExchange): void;
}

/** Why there is no whole answer. `isUntouched`: not a byte of the request can have reached the other side. */
export class BrokenExchange extends Error {
  override readonly name = "BrokenExchange";
  readonly code: string;
  readonly isUntouched: boolean;

  constructor(code: string, message: string, isUntouched: boolean, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.isUntouched = isUntouched;
  }
}

/** One request and its answer. `abort` ends both at once, and nothing is heard any more. */
export type Exchange = { abort(): void; resume(): void };

export type Address = {
  host: string;
  port: number;
  isSecure: boolean;
  /** As `dns.lookup`; judges what a name leads to. */
  lookup: TcpSocketConnectOpts["lookup"];
};

/** What a connection tells its pool. */
export type ConnectionOwner = {
  /** It can take another request. */
  onFree(connection: Connection): void;
  onClosed(connection: Connection): void;
  /** A TLS session that makes the next handshake shorter. */
  session: Buffer | undefined;
};

const HEAD_END = Buffer.from("\r\n\r\n");
const LARGEST_HEAD = 64 * 1024;
/** Written as one string up to here: the kernel takes it from the stack, without an object for the write. */
const WRITTEN_AS_TEXT = 12 * 1024;
const NOTHING = Buffer.alloc(0);

const HEAD = 0;
const BODY = 1;

/**
 * A connection to a pod: HTTP/1.1, one request at a time, no pipelining. Written for what the gateway does and nothing else:
 * a general client spends more on a plain request than all of Podpass does.
 */
export class Connection implements Exchange {
  /** Monotonic ms: when it was opened, when something was last heard or asked, when it became free. */
  readonly openedAt: number;
  heardAt: number;
  isConnected = false;
  /** For how long it may lie idle, in ms, as the other side said; null if it didn't. */
  idleMs: number | null = null;
  private readonly owner: ConnectionOwner;
  private readonly socket: Socket;
  private reader: AnswerReader | null = null;
  private request: OutgoingRequest | null = null;
  private state = HEAD;
  private kept: Buffer = NOTHING;
  private head: AnswerHead | null = null;
  private left = 0;
  private chunks: ChunkedBody | null = null;
  private isHeld = false;
  private hasBegun = false;
  private isOver = false;
  private failure: Error | null = null;

  constructor({ host, port, isSecure, lookup }: Address, owner: ConnectionOwner, now: number) {
    this.owner = owner;
    this.openedAt = now;
    this.heardAt = now;
    const target = { host, port, lookup };
    if (isSecure) {
      const servername = isIP(host) === 0 ? host : undefined;
      const socket = connectSecurely({ ...target, servername, session: owner.session });
      socket.on("session", (session) => {
        owner.session = session;
      });
      socket.on("data", (bytes: Buffer) => {
        if (!this.receive(bytes)) socket.pause();
      });
      this.socket = socket;
    } else {
      const callback = (length: number) => this.receive(READ_BUFFER.subarray(0, length));
      this.socket = connect({ ...target, onread: { buffer: READ_BUFFER, callback } });
    }
    this.socket.setNoDelay(true);
    this.socket.once(isSecure ? "secureConnect" : "connect", () => {
      this.isConnected = true;
    });
    this.socket.once("end", () => this.ended());
    this.socket.on("error", (error) => {
      this.failure = error;
    });
    this.socket.once("close", () => this.closed());
  }

  get isBusy() {
    return this.reader !== null;
  }

  /** Free, and as far as anybody knows here not closed by the other side. */
  get isUsable() {
    return !this.isOver && this.socket.writable;
  }

  /** Sends a request on a free connection. */
  ask(request: OutgoingRequest, reader: AnswerReader, now: number) {
    this.request = request;
    this.reader = reader;
    this.heardAt = now;
    this.state = HEAD;
    this.hasBegun = false;
    this.isHeld = false;
    const { head, body } = request;
    if (body === null) this.socket.write(`${head}\r\n`, "latin1");
    else if (body.length <= WRITTEN_AS_TEXT) {
      const text = `${head}content-length: ${body.length}\r\n\r\n${body.toString("latin1")}`;
      this.socket.write(text, "latin1");
    } else {
      this.socket.cork();
      this.socket.write(`${head}content-length: ${body.length}\r\n\r\n`, "latin1");
      this.socket.write(body);
      this.socket.uncork();
    }
  }

  abort() {
    this.reader = null;
    this.destroy();
  }

  resume() {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.heardAt = performance.now();
    this.socket.resume();
  }

  /** Ends an exchange that has been silent for too long, and a connection that does not come about. */
  checkPatience(now: number, connectMs: number) {
    const { request } = this;
    if (request === null || this.reader === null) return;
    if (!this.isConnected && now - this.openedAt > connectMs) {
      this.fail(new BrokenExchange("POD_CONNECT_TIMEOUT", "the connection did not come about in time", true));
    } else if (!this.isHeld && now - this.heardAt > (this.hasBegun ? request.idleMs : request.firstByteMs)) {
      this.fail(new BrokenExchange("POD_SILENT", "nothing was heard for too long", !this.isConnected));
    }
  }

  destroy() {
    this.isOver = true;
    this.socket.destroy();
  }

  /** False: the socket is not to be read for now. */
  private receive(bytes: Buffer): boolean {
    if (this.isOver) return false;
    if (this.reader === null) {
      // Nobody asked: whatever this is, the next answer on the connection could not be told from it.
      this.destroy();
      return false;
    }
    this.heardAt = performance.now();
    try {
      if (this.state === BODY) this.receiveBody(bytes, 0);
      else this.receiveHead(bytes);
    } catch (error) {
      if (!(error instanceof BadAnswer)) throw error;
      this.fail(new BrokenExchange(error.code, error.message, false, error));
    }
    return !this.isHeld && !this.isOver;
  }

  private receiveHead(bytes: Buffer) {
    const text = this.kept.length === 0 ? bytes : Buffer.concat([this.kept, bytes]);
    const end = text.indexOf(HEAD_END);
    if (end === -1 || end > LARGEST_HEAD) {
      if (text.length > LARGEST_HEAD) throw new BadAnswer("its head is too large");
      this.kept = text === bytes ? Buffer.from(bytes) : text;
      return;
    }
    this.kept = NOTHING;
    const head = readAnswerHead(text.toString("latin1", 0, end));
    const bodyAt = end + HEAD_END.length;
    if (head.status < 200) {
      // An interim answer: the real one follows.
      if (head.status === 101) throw new BadAnswer("it changes the protocol");
      if (bodyAt < text.length) this.receiveHead(text.subarray(bodyAt));
      return;
    }
    this.head = head;
    this.state = BODY;
    this.left = head.framing.by === "length" ? head.framing.bytes : 0;
    this.chunks = head.framing.by === "chunks" ? new ChunkedBody() : null;
    this.reader?.onHead(head);
    if (this.reader !== null) this.receiveBody(text, bodyAt);
  }

  private receiveBody(bytes: Buffer, from: number) {
    const { chunks } = this;
    let end = bytes.length;
    let content: Buffer;
    let isComplete = false;
    if (chunks !== null) {
      content = chunks.read(bytes, from);
      end = chunks.end;
      isComplete = chunks.isOver;
    } else if (this.head?.framing.by === "length") {
      end = Math.min(bytes.length, from + this.left);
      content = bytes.subarray(from, end);
      this.left -= content.length;
      isComplete = this.left === 0;
    } else content = bytes.subarray(from);
    const hasMore = end < bytes.length;
    this.hasBegun ||= content.length > 0;
    if (content.length > 0 && this.reader?.onData(content) === false && !isComplete) this.isHeld = true;
    if (isComplete && this.reader !== null) this.complete(hasMore);
  }

  /** `hasMore`: bytes followed that belong to no answer. */
  private complete(hasMore: boolean) {
    const { reader, head } = this;
    const mayStay = head?.mayStay === true && !hasMore && this.socket.writableLength === 0 && !this.socket.destroyed;
    this.reader = null;
    this.request = null;
    this.state = HEAD;
    if (mayStay && head !== null) {
      this.idleMs = head.idleSeconds === null ? null : head.idleSeconds * 1_000;
      this.owner.onFree(this);
    } else this.destroy();
    reader?.onEnd();
  }

  private ended() {
    if (this.reader === null) return this.destroy();
    if (this.state === BODY && this.head?.framing.by === "close") this.complete(false);
    else
      this.fail(new BrokenExchange("POD_BROKE_OFF", "the connection was closed before the answer was complete", false));
  }

  private closed() {
    this.isOver = true;
    this.owner.onClosed(this);
    if (this.reader === null) return;
    const { failure } = this;
    const code = failure !== null && "code" in failure && typeof failure.code === "string" ? failure.code : "";
    this.fail(
      new BrokenExchange(
        code === "" ? "POD_BROKE_OFF" : code,
        failure?.message ?? "the connection was lost",
        !this.isConnected,
        failure ?? undefined,
      ),
    );
  }

  private fail(error: BrokenExchange) {
    const { reader } = this;
    this.reader = null;
    this.destroy();
    reader?.onError(error);
  }
}
