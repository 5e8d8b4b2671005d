import type { IncomingMessage } from "node:http";

const CHECK_MS = 10_000;
/** A form at this pace is a connection held open, not a person on a bad line. */
const LEAST_BYTES_A_CHECK = 4_096;

/**
 * Tells when a body trickles: Node limits the whole time of a request, which has to be long for large and honest uploads, so
 * a byte a second would hold a connection for minutes. The watch ends with the request.
 */
export function watchSlowBody(request: IncomingMessage, onTooSlow: () => void, checkMs = CHECK_MS) {
  let seen = request.socket.bytesRead;
  const timer = setInterval(() => {
    const arrived = request.socket.bytesRead - seen;
    seen += arrived;
    // A body that waits for us to read on is our own pause.
    if (arrived >= LEAST_BYTES_A_CHECK || request.isPaused()) return;
    stop();
    onTooSlow();
  }, checkMs);
  timer.unref();
  const stop = () => clearInterval(timer);
  request.once("end", stop);
  request.once("close", stop);
}
