import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A wire with an ear between the gateway and a pod: what was really sent, before any parser has tidied it up. */
export async function startTap(port: number) {
  const open = new Set<Socket>();
  const heard: Buffer[] = [];
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    open.add(near);
    near.on("data", (chunk: Buffer) => heard.push(chunk));
    near.pipe(far).pipe(near);
    near
      .on("error", () => undefined)
      .once("close", () => {
        open.delete(near);
        far.destroy();
      });
    far.on("error", () => near.resetAndDestroy()).once("close", () => near.end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  async function close() {
    for (const socket of open) socket.destroy();
    server.close();
    await once(server, "close");
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    openConnections: () => open.size,
    heard: () => Buffer.concat(heard).toString("latin1"),
    close,
  };
}
