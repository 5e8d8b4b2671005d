import { once } from "node:events";
import { get } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

const ASK_EVERY_MS = 200;

/**
 * The simplest balancer there is: it asks each backend's `/readyz`, gives every new connection to the ready ones in turn, and
 * tries another where one does not even take it. What was sent once is never sent again.
 */
export async function startBalancer(ports: readonly number[]) {
  const ready = new Set<number>();
  const open = new Set<Socket>();
  let turn = 0;

  async function look(port: number) {
    if (await isReady(port)) ready.add(port);
    else ready.delete(port);
  }
  const asking = setInterval(() => void Promise.all(ports.map(look)), ASK_EVERY_MS);
  await Promise.all(ports.map(look));

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (near) => {
    open.add(near);
    near.once("close", () => open.delete(near)).on("error", () => undefined);
    turn += 1;
    const candidates = ports.filter((port) => ready.has(port));
    pass(near, [...candidates.slice(turn % candidates.length), ...candidates.slice(0, turn % candidates.length)]);
  });

  function pass(near: Socket, [port, ...others]: number[]) {
    if (port === undefined) return void near.destroy();
    const far = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const tryNext = () => pass(near, others);
    far.once("error", tryNext);
    far.once("connect", () => {
      far.off("error", tryNext);
      far.on("error", () => near.destroy()).once("close", () => near.destroy());
      near.once("close", () => far.destroy());
      near.pipe(far).pipe(near);
      near.resume();
    });
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The ports that get new connections now. */
    ready: () => [...ready],
    async close() {
      clearInterval(asking);
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function isReady(port: number) {
  return new Promise<boolean>((resolve) => {
    const request = get({ port, host: "127.0.0.1", path: "/readyz", timeout: 2_000, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    request.once("timeout", () => request.destroy()).once("error", () => resolve(false));
  });
}
