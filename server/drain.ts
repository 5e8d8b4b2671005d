import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Counts what is being answered, so that a stop can wait for it. */
export function createInFlight() {
  let count = 0;
  let onIdle: (() => void) | undefined;

  function over() {
    count -= 1;
    if (count === 0) onIdle?.();
  }

  return {
    begin() {
      count += 1;
    },
    over,
    track(response: ServerResponse) {
      count += 1;
      response.once("close", over);
    },
    /** Settles when nothing is being answered any more, or after `limitMs`. True: everything finished by itself. */
    settled(limitMs: number): Promise<boolean> {
      if (count === 0) return Promise.resolve(true);
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), limitMs);
        onIdle = () => {
          clearTimeout(timer);
          resolve(true);
        };
      });
    },
  };
}

/**
 * While a server drains, each answer is the last on its connection, so that clients and balancers go elsewhere. Idle
 * connections stay until then: closing one under the request that a client is sending on it would fail that request.
 */
export function askToReconnect(server: Server) {
  server.prependListener("request", (_request: IncomingMessage, response: ServerResponse) => {
    response.setHeader("connection", "close");
  });
}

/**
 * Tells from now on whether a request came on a connection that was there before. A balancer sent it through a door that was
 * still open: it is answered, as the last on its connection.
 */
export function connectionsBeforeNow(server: Server) {
  const later = new WeakSet<Socket>();
  server.on("connection", (socket: Socket) => later.add(socket));
  return (socket: Socket) => !later.has(socket);
}
