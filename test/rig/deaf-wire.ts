import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

const NOTIFICATION = 0x41; // "A"

/** A line to PostgreSQL on which notices can get lost, and nothing else: whoever listens still believes that it hears. */
export async function startDeafWire(targetUrl: string) {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  let isDeaf = false;

  const server = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket
        .on("error", () => undefined)
        .once("close", () => {
          sockets.delete(socket);
          other.destroy();
        });
    }
    near.pipe(far);
    let rest: Buffer = Buffer.alloc(0);
    far.on("data", (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const kept: Buffer[] = [];
      // A message is a byte for its kind and a length that counts itself.
      while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
        const message = rest.subarray(0, 1 + rest.readUInt32BE(1));
        rest = rest.subarray(message.length);
        if (!isDeaf || message[0] !== NOTIFICATION) kept.push(message);
      }
      if (kept.length > 0) near.write(Buffer.concat(kept));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(targetUrl);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);

  return {
    url: url.href,
    loseNotices(lost: boolean) {
      isDeaf = lost;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
