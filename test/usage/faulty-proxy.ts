import { connect, createServer, type Socket } from "node:net";

/**
 * How the way to a server fails: `hang` lets nothing through and closes nothing, `refuse` ends every connection, `mute` lets
 * questions through and cuts the connection instead of bringing back an answer.
 */
export type Way = "pass" | "hang" | "refuse" | "mute";

/** A TCP proxy on loopback before a database, whose way can be made to fail. */
export async function startFaultyProxy(targetUrl: string) {
  const target = new URL(targetUrl);
  let way: Way = "pass";
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    if (way === "refuse") return client.destroy();
    const upstream = connect(Number(target.port || 5432), target.hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.on("data", (chunk) => {
        if (way === "hang") return;
        if (way === "mute" && socket === upstream) return client.destroy();
        other.write(chunk);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = new URL(targetUrl);
  url.hostname = "127.0.0.1";
  url.port = String(typeof address === "object" && address !== null ? address.port : 0);
  return {
    url: url.href,
    fail(how: Way) {
      way = how;
      if (how === "refuse") for (const socket of sockets) socket.destroy();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
