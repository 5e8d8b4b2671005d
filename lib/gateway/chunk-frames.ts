import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Writes a started response's body to its socket, each chunk framed in one buffer (RFC 9112, section 7.1).
 *
 * `response.write` hands the socket three pieces for each chunk (length, bytes, line end), which a gathered write then
 * joins in the kernel: for events of 200 bytes that cost more than all of our own work on them. The end mark still comes
 * from `response.end`. Where the socket is not this response's alone (an earlier answer on the connection is unfinished)
 * or the body is not chunked (HTTP/1.0), the response writes as usual.
 */
export class ChunkFrames {
  private readonly response: ServerResponse;
  private readonly socket: Socket | null;
  private readonly onDrain: () => void;

  constructor(response: ServerResponse, onDrain: () => void) {
    this.response = response;
    this.onDrain = onDrain;
    const isOurs = response.chunkedEncoding && response.socket !== null && response.socket === response.req.socket;
    this.socket = isOurs ? response.socket : null;
    (this.socket ?? response).on("drain", onDrain);
  }

  /** Latin-1, one character a byte. False: more waits than should; `onDrain` follows. */
  write(text: string): boolean {
    if (this.socket === null) return this.response.write(text, "latin1");
    // An empty chunk would be the end mark.
    return text === "" || this.socket.write(framed(text), "latin1");
  }

  /** The socket may live on for the next request: it forgets us. */
  close() {
    this.socket?.off("drain", this.onDrain);
  }
}

/** A chunk of a body (RFC 9112, section 7.1), as Latin-1. */
export function framed(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}
