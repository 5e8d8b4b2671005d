import type { IncomingMessage, ServerResponse } from "node:http";
import { newRequestId } from "@/lib/usage/request-id";
import { answerError } from "./answers";

const CHECK_MS = 10_000;
/** At this pace a connection is being held open; nobody's line is that bad. */
const LEAST_BYTES_A_CHECK = 4_096;
const SWEEP_MS = 1_000;

type Upload = {
  request: IncomingMessage;
  response: ServerResponse;
  seen: number;
  nextCheckAt: number;
  checkMs: number;
};

// One timer for all: a timer of its own would be the costliest thing done for most requests, whose body is here already.
const uploads = new Set<Upload>();
let sweeping: NodeJS.Timeout | undefined;

/**
 * Ends a request whose body trickles: Node limits the whole time of a request, which has to be long for large and honest
 * uploads, so a byte a second would hold a connection for minutes. The watch ends with the body.
 */
export function watchSlowBody(request: IncomingMessage, response: ServerResponse, checkMs = CHECK_MS) {
  const { headers, socket } = request;
  if (headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0) return;
  const upload = { request, response, seen: socket.bytesRead, nextCheckAt: performance.now() + checkMs, checkMs };
  uploads.add(upload);
  request.once("close", () => uploads.delete(upload));
  sweeping ??= setInterval(sweep, Math.min(checkMs, SWEEP_MS)).unref();
}

function sweep() {
  const now = performance.now();
  for (const upload of uploads) {
    if (upload.request.complete) uploads.delete(upload);
    else if (now >= upload.nextCheckAt) check(upload, now);
  }
  if (uploads.size > 0) return;
  clearInterval(sweeping);
  sweeping = undefined;
}

function check(upload: Upload, now: number) {
  const { request, response, checkMs } = upload;
  const arrived = request.socket.bytesRead - upload.seen;
  upload.seen += arrived;
  upload.nextCheckAt = now + checkMs;
  // A body that nobody reads right now is our own pause.
  if (arrived >= LEAST_BYTES_A_CHECK || request.readableFlowing !== true) return;
  uploads.delete(upload);
  end(request, response);
}

function end(request: IncomingMessage, response: ServerResponse) {
  if (response.headersSent) {
    request.destroy();
    return;
  }
  response.once("finish", () => request.destroy());
  answerError(response, "request_timeout", "The request's body arrived too slowly.", newRequestId(Date.now()));
}
