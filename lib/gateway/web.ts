import { AppError } from "@/lib/errors";
import type { HeaderLines } from "@/lib/http/plain-request";
import { tooLarge } from "./check";
import type { Client, GatewayRequest } from "./client";
import type { Handle } from "./gateway";

/** Bytes that may wait in a response for a reader that is slow; beyond, the pod is asked to wait. */
const MOST_WAITING = 256 * 1024;

/**
 * The gateway behind web `Request` and `Response`: Next's route handlers. The peer's address is unknown here unless a
 * server of ours in front has told it.
 */
export function createWebHandler(handle: Handle, peerOf: (request: Request) => string | null) {
  return function answerWeb(request: Request): Promise<Response> {
    return new Promise((resolve) => {
      const client = new WebClient(request.signal, resolve);
      const gatewayRequest: GatewayRequest = {
        method: request.method,
        path: new URL(request.url).pathname,
        headers: headerLines(request.headers),
        peerIp: peerOf(request),
        readBody: (limit) => readBody(request, limit),
      };
      void handle(gatewayRequest, client);
    });
  };
}

/** A `Headers` object joins equal lines with a comma, so the shape of the whole value is checked by whoever reads it. */
function headerLines(headers: Headers): HeaderLines {
  const lines: Record<string, string[]> = {};
  headers.forEach((value, name) => {
    lines[name] = [value];
  });
  return lines;
}

class WebClient implements Client {
  onGone: (() => void) | null = null;
  onDrain: (() => void) | null = null;
  waitingSince: number | null = null;
  isGone = false;
  private readonly resolve: (response: Response) => void;
  private stream: ReadableStreamDefaultController<Uint8Array> | null = null;

  constructor(signal: AbortSignal, resolve: (response: Response) => void) {
    this.resolve = resolve;
    if (signal.aborted) this.leave();
    signal.addEventListener("abort", () => this.leave(), { once: true });
  }

  begin(status: number, headers: Record<string, string>) {
    if (this.isGone) return;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.stream = controller;
        },
        pull: () => {
          if (this.waitingSince === null) return;
          this.waitingSince = null;
          this.onDrain?.();
        },
        // Next may tell of a client's leaving by the signal or by this, whichever it hears first.
        cancel: () => this.leave(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: MOST_WAITING }),
    );
    this.resolve(new Response(body, { status, headers }));
  }

  write(text: string) {
    if (this.isGone || this.stream === null) return true;
    this.stream.enqueue(new Uint8Array(Buffer.from(text, "latin1")));
    const goesOn = (this.stream.desiredSize ?? 1) > 0;
    if (!goesOn) this.waitingSince ??= performance.now();
    return goesOn;
  }

  end() {
    if (this.isGone) return;
    this.isGone = true;
    this.stream?.close();
  }

  answer(status: number, headers: Record<string, string>, body: Buffer) {
    if (this.isGone) return;
    this.isGone = true;
    this.resolve(new Response(new Uint8Array(body), { status, headers }));
  }

  cut() {
    if (this.isGone) return;
    this.isGone = true;
    this.stream?.error(new Error("cut"));
    this.onGone?.();
  }

  private leave() {
    if (this.isGone) return;
    this.isGone = true;
    const heard = this.onGone;
    this.onGone = null;
    heard?.();
    // Nobody reads it, but Next waits for some answer.
    this.resolve(new Response(null, { status: 499 }));
  }
}

async function readBody(request: Request, limit: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const reader = request.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read().catch(() => {
      throw new AppError("client_closed", "The client left before its request was complete.");
    });
    if (done) break;
    bytes += value.length;
    if (bytes > limit) {
      await reader.cancel().catch(() => undefined);
      throw tooLarge(limit);
    }
    parts.push(value);
  }
  return Buffer.concat(parts, bytes);
}
