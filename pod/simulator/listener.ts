import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Ledger } from "./ledger";

export type Listener = {
  /** Listens, on a free port for 0; resolves to the port. */
  listen(port: number): Promise<number>;
  /** Refuses from now on, and drops what is connected. */
  refuse(): Promise<void>;
  /** Which connection a request came by, numbered from 1. */
  connectionOf(req: IncomingMessage): number;
};

/** Opens and closes a server's door, and keeps the ledger's count of who is inside. */
export function createListener(server: Server, host: string, ledger: Ledger): Listener {
  const sockets = new Map<Socket, number>();
  server.on("connection", (socket: Socket) => {
    ledger.openConnections += 1;
    ledger.totalConnections += 1;
    sockets.set(socket, ledger.totalConnections);
    socket.once("close", () => {
      sockets.delete(socket);
      ledger.openConnections -= 1;
    });
  });
  return {
    listen: (port) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, () => {
          server.off("error", reject);
          resolve((server.address() as AddressInfo).port);
        });
      }),
    refuse: () =>
      new Promise((resolve) => {
        for (const socket of sockets.keys()) socket.destroy();
        if (server.listening) server.close(() => resolve());
        else resolve();
      }),
    connectionOf: (req) => sockets.get(req.socket) ?? 0,
  };
}
