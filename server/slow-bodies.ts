import type { IncomingMessage, ServerResponse } from "node:http";
import { newRequestId } from "@/lib/usage/request-id";
import { answerError } from "./answers";

const CHECK_MS = 10_000;
/** At this pace a connection is being held open; nobody's line is that bad. */
const LEAST_BYTES_A_CHECK = 4_096;

/**
 * Ends a request whose body trickles: Node limits the whole time of a request, which has to be long for large and honest
 * uploads, so a byte a second would hold a connection for minutes. The watch ends with the body.
 */
export function watchSlowBody(request: IncomingMessage, response: ServerResponse, checkMs = CHECK_MS) {
  const { headers, socket } = request;
  if (headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0) return;
  let seen = socket.bytesRead;
  const timer = setInterval(() => {
    const arrived = socket.bytesRead - seen;
    seen += arrived;
    // A body that nobody reads right now is our own pause.
    if (arrived >= LEAST_BYTES_A_CHECK || request.readableFlowing !== true) return;
    stop();
    end(request, response);
  }, checkMs);
  timer.unref();
  const stop = () => clearInterval(timer);
  request.once("end", stop);
  request.once("close", stop);
}

function end(request: IncomingMessage, response: ServerResponse) {
  if (response.headersSent) {
    request.destroy();
    return;
  }
  response.once("finish", () => request.destroy());
  answerError(response, "request_timeout", "The request's body arrived too slowly.", newRequestId(Date.now()));
}
