import type { IncomingMessage, Server, ServerResponse } from "node:http";

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
