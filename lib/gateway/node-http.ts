import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "@/lib/errors";
import { type HeaderLines, noLines, type WantedLines } from "@/lib/http/plain-request";
import { tooLarge } from "./check";
import { ChunkFrames } from "./chunk-frames";
import type { Client, GatewayRequest } from "./client";
import type { Handle } from "./gateway";
import { isGatewayPath } from "./routes";

/**
 * The gateway behind `node:http`. The function returned answers gateway paths and says false to all others, which are
 * somebody else's. `commonHeaders` go out with every answer. A client that takes nothing of an ended answer's rest
 * for `stuckMs` is cut off: its call is over, so nobody else watches it.
 */
export function createNodeHandler(
  handle: Handle,
  commonHeaders: Readonly<Record<string, string>> = {},
  stuckMs = LONGEST_STUCK_MS,
) {
  const commonLines = Object.entries(commonHeaders).flat();
  return function answerNode(request: IncomingMessage, response: ServerResponse): boolean {
    // Raw: `new URL` would fold `/../` and fail on `//`.
    const url = request.url ?? "/";
    const query = url.indexOf("?");
    const path = query === -1 ? url : url.slice(0, query);
    if (!isGatewayPath(path)) return false;
    const gatewayRequest: GatewayRequest = {
      method: request.method ?? "GET",
      path,
      headers: wantedLines(request.rawHeaders),
      peerIp: request.socket.remoteAddress ?? null,
      readBody: (limit) => readBody(request, limit),
    };
    void handle(gatewayRequest, new NodeClient(request, response, commonLines, stuckMs));
    return true;
  };
}

/** Up to here an answer's body is joined with its head and leaves in one write; beyond, copying it costs more. */
const JOINED_BYTES = 32 * 1024;
const MOST_READ_PAST = 64 * 1024;
const LONGEST_STUCK_MS = 60_000;

class NodeClient implements Client {
  onGone: (() => void) | null = null;
  onDrain: (() => void) | null = null;
  waitingSince: number | null = null;
  private readonly request: IncomingMessage;
  private readonly response: ServerResponse;
  private frames: ChunkFrames | null = null;

  private readonly commonLines: readonly string[];
  private readonly stuckMs: number;

  constructor(request: IncomingMessage, response: ServerResponse, commonLines: readonly string[], stuckMs: number) {
    this.request = request;
    this.response = response;
    this.commonLines = commonLines;
    this.stuckMs = stuckMs;
    response.once("close", () => {
      this.frames?.close();
      if (!response.writableFinished) this.onGone?.();
      this.onGone = null;
    });
  }

  get isGone() {
    return this.response.destroyed || this.response.writableEnded;
  }

  begin(status: number, headers: Record<string, string>) {
    if (this.isGone) return;
    this.response.writeHead(status, this.linesOf(headers));
    this.response.flushHeaders();
    this.frames = new ChunkFrames(this.response, () => {
      this.waitingSince = null;
      this.onDrain?.();
    });
  }

  write(text: string) {
    if (this.isGone || this.frames === null) return true;
    const goesOn = this.frames.write(text);
    if (!goesOn) this.waitingSince ??= performance.now();
    return goesOn;
  }

  end() {
    if (this.isGone) return;
    this.response.end();
    this.limitTheRest();
  }

  answer(status: number, headers: Record<string, string>, body: Buffer) {
    if (this.isGone) return;
    const lines = this.linesOf(headers);
    lines.push("content-length", String(body.length));
    if (isMuchLeft(this.request)) lines.push("connection", "close");
    this.response.writeHead(status, lines);
    if (body.length > JOINED_BYTES) this.response.end(body);
    else this.response.end(body.toString("latin1"), "latin1");
    this.limitTheRest();
  }

  cut() {
    this.response.destroy();
  }

  /** Any progress renews the wait; Node takes the limit away again when the answer is out. */
  private limitTheRest() {
    const { socket } = this.response;
    if (socket !== null && socket.writableLength > 0) socket.setTimeout(this.stuckMs);
  }

  /** A flat list, which `writeHead` takes as it is: merging objects of changing shapes was a tenth of a plain request. */
  private linesOf(headers: Readonly<Record<string, string>>): string[] {
    const lines = this.commonLines.slice();
    for (const name in headers) {
      if (name !== "content-length") lines.push(name, headers[name] ?? "");
    }
    return lines;
  }
}

const LONGEST_WANTED = Math.max(...Object.keys(noLines()).map((name) => name.length));

/**
 * Every line of the wanted headers: `headers` would quietly drop a second Authorization line, and `headersDistinct`
 * builds a list for each header there is.
 */
function wantedLines(raw: readonly string[]): HeaderLines {
  const lines = noLines();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const given = raw[i] ?? "";
    if (given.length > LONGEST_WANTED) continue;
    const name = given.toLowerCase();
    if (!isWanted(name, lines)) continue;
    const known = lines[name];
    if (known === undefined) lines[name] = [raw[i + 1] ?? ""];
    else known.push(raw[i + 1] ?? "");
  }
  return lines;
}

const isWanted = (name: string, lines: WantedLines): name is keyof WantedLines => Object.hasOwn(lines, name);

/** Node reads past what is left of a body, to get at the next request. That is not worth it for a large one. */
function isMuchLeft({ complete, headers }: IncomingMessage) {
  if (complete) return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > MOST_READ_PAST;
}

/** The whole body in one buffer; nothing beyond `limit` is held. Senders that dawdle are the server's to end. */
function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    let isOver = false;
    const fail = (error: AppError) => {
      isOver = true;
      request.off("data", onData).pause();
      reject(error);
    };
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limit) fail(tooLarge(limit));
      else parts.push(chunk);
    };
    request.on("data", onData);
    request.once("end", () => {
      isOver = true;
      resolve(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, bytes));
    });
    // Also heard after every whole body. An `error` is only thrown where somebody listens to it.
    request.once("close", () => {
      if (!isOver) fail(new AppError("client_closed", "The client left before its request was complete."));
    });
  });
}
