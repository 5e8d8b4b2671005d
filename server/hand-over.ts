import { Agent, request as ask, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { newRequestId } from "@/lib/usage/request-id";
import { answerAway, answerError } from "./answers";
import { withoutHops } from "./hop-headers";

export type HandOverOptions = {
  /** Where Next listens on loopback; null while it does not. */
  port: () => number | null;
  internalToken: string;
  /** The address people use, if somebody chose one: a proxy may have rewritten Host. */
  publicUrl: URL | null;
  /** Awaited before a form's answer leaves: what it changed shall be in force for the next request. */
  beforeAnswer?: () => Promise<void>;
  /** Headers that every answer carries, also those of files, which no page of ours had a hand in. */
  commonHeaders?: Readonly<Record<string, string>>;
  maxBodyBytes?: number;
};

/** Pages and forms are small; programs send their large bodies to the gateway. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** While the database hangs a form's answer is worth more than the certainty that it counts everywhere by now. */
const CHANGE_PATIENCE_MS = 500;

/** Names that Next, or our own server, sets for itself: from outside they would be believed. */
const INTERNAL = /^(x-middleware-|x-invoke-|x-matched-path$|x-podpass-|x-forwarded-(host|proto|port)$)/;

/** Hands a request for a page to Next, streaming both ways. Never rejects; a client that leaves ends the other side as well. */
export function createHandOver(options: HandOverOptions) {
  const { port, internalToken, publicUrl, beforeAnswer, commonHeaders = {}, maxBodyBytes = MAX_BODY_BYTES } = options;
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  const tooLarge = `The body is larger than ${maxBodyBytes} bytes.`;
  return { handOver, close: () => agent.destroy() };

  function handOver(request: IncomingMessage, response: ServerResponse) {
    const requestId = newRequestId(Date.now());
    const target = port();
    if (target === null) return answerAway(response, wantsHtml(request), requestId);
    if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) {
      return answerError(response, "request_too_large", tooLarge, requestId);
    }
    forward(request, response, target, requestId, true);
  }

  function forward(
    request: IncomingMessage,
    response: ServerResponse,
    target: number,
    requestId: string,
    isFirst: boolean,
  ) {
    const upstream = ask({
      agent,
      host: "127.0.0.1",
      port: target,
      method: request.method,
      path: request.url,
      headers: headersFor(request, requestId),
      setHost: false,
    });
    let isRefused = false;
    const onLeave = () => upstream.destroy();
    response.once("close", onLeave);

    upstream.once("response", async (answer) => {
      answer.once("error", () => response.destroy());
      if (beforeAnswer !== undefined && isChange(request)) await within(CHANGE_PATIENCE_MS, beforeAnswer());
      if (response.destroyed) return;
      const headers = withoutHops(answer.rawHeaders);
      for (const [name, value] of Object.entries(commonHeaders)) {
        if (answer.headers[name] === undefined) headers.push(name, value);
      }
      // Answered before the body was read to its end: what still comes can't be told from a next request.
      if (!request.complete && !isBodyless(request)) headers.push("connection", "close");
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers);
      answer.pipe(response);
    });
    upstream.once("error", () => {
      response.off("close", onLeave);
      if (isRefused || response.destroyed) return;
      if (response.headersSent) return response.destroy();
      // An idle connection can close under the request it was picked for. Without a body nothing was lost: ask once more.
      if (isFirst && upstream.reusedSocket && isBodyless(request)) {
        return forward(request, response, target, requestId, false);
      }
      answerAway(response, wantsHtml(request), requestId);
    });

    if (isBodyless(request)) return upstream.end();
    limitBody(request, () => {
      isRefused = true;
      request.unpipe(upstream);
      request.pause();
      upstream.destroy();
      if (response.headersSent) return response.destroy();
      // What still arrives is nobody's: the connection ends with this answer.
      response.once("finish", () => request.destroy());
      answerError(response, "request_too_large", tooLarge, requestId);
    });
    request.pipe(upstream);
  }

  function headersFor(request: IncomingMessage, requestId: string) {
    const kept = withoutHops(request.rawHeaders, (name) => INTERNAL.test(name));
    kept.push("x-podpass-peer", `${internalToken} ${request.socket.remoteAddress ?? "unknown"}`);
    kept.push("x-podpass-request-id", requestId);
    // A form sent without a length keeps its chunks; everything else keeps the length it came with.
    if (request.headers["transfer-encoding"] !== undefined) kept.push("transfer-encoding", "chunked");
    if (publicUrl !== null) {
      kept.push("x-forwarded-host", publicUrl.host, "x-forwarded-proto", publicUrl.protocol.slice(0, -1));
    }
    return kept;
  }

  /** Counts what arrives, because a chunked body does not say how much it will be. */
  function limitBody(request: IncomingMessage, onTooLarge: () => void) {
    let received = 0;
    request.on("data", function count(chunk: Buffer) {
      received += chunk.length;
      if (received <= maxBodyBytes) return;
      request.off("data", count);
      onTooLarge();
    });
  }
}

function isBodyless({ method, headers }: IncomingMessage) {
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  return (method === "GET" || method === "HEAD") && !hasBody;
}

function isChange({ method }: IncomingMessage) {
  return method !== "GET" && method !== "HEAD";
}

/** Waits for `work`, but no longer than that, and whatever becomes of it. */
async function within(ms: number, work: Promise<void>) {
  await Promise.race([work.catch(() => undefined), sleep(ms, undefined, { ref: false })]);
}

function wantsHtml({ headers }: IncomingMessage) {
  return headers.accept?.includes("text/html") ?? false;
}
