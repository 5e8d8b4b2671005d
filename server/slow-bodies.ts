import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { newRequestId } from "@/lib/usage/request-id";
import { answerError } from "./answers";

const CHECK_MS = 5_000;
/** Everybody has this long; then the body must have come at this pace from the beginning on. */
const GRACE_MS = 20_000;
const BYTES_PER_SECOND = 1_000;

type Upload = { request: IncomingMessage; response: ServerResponse; startedAt: number; bytesBefore: number };

/**
 * Ends uploads that trickle: Node limits the whole time of a request, which has to be long for large and honest ones, so a
 * byte a second would hold a connection for minutes. Only bodies that are still arriving are looked at.
 */
export function watchSlowBodies(server: Server, { now = () => performance.now(), checkMs = CHECK_MS } = {}) {
  const uploads = new Set<Upload>();
  const timer = setInterval(() => {
    for (const upload of uploads) if (isTooSlow(upload, now())) end(upload);
  }, checkMs);
  timer.unref();
  server.once("close", () => clearInterval(timer));

  return {
    watch(request: IncomingMessage, response: ServerResponse) {
      if (request.headers["content-length"] === undefined && request.headers["transfer-encoding"] === undefined) return;
      const upload = { request, response, startedAt: now(), bytesBefore: request.socket.bytesRead };
      uploads.add(upload);
      const forget = () => uploads.delete(upload);
      request.once("close", forget);
      request.once("end", forget);
      response.once("close", forget);
    },
  };
}

function isTooSlow({ request, startedAt, bytesBefore }: Upload, now: number) {
  const tookMs = now - startedAt;
  // A body nobody reads yet is our own pause, not the client's.
  if (tookMs < GRACE_MS || request.complete || request.isPaused()) return false;
  return request.socket.bytesRead - bytesBefore < (tookMs / 1_000) * BYTES_PER_SECOND;
}

function end({ request, response }: Upload) {
  if (response.headersSent) {
    request.socket.destroy();
    return;
  }
  answerError(response, "request_timeout", "The request's body arrived too slowly.", newRequestId(Date.now()));
  response.once("finish", () => request.socket.destroy());
}
