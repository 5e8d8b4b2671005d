import { once } from "node:events";
import { type ClientRequest, createServer, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const TICK_MS = 20;

/**
 * A proxy before a pod that gives up when no byte came for `patienceMs`, as Cloudflare does after 100 s: with a 524 of its own
 * before the answer has begun, by breaking it off afterwards. What it gave up on goes on at the pod. It counts turns of a clock, of which
 * a machine that stands still for seconds takes one: the pod stands still with it.
 */
export async function startImpatientProxy(pod: string, patienceMs: number) {
  let givenUp = 0;
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url } = incoming;
    const far = request(new URL(url ?? "/", pod), { method, headers, agent: false });
    const mostTurns = patienceMs / TICK_MS;
    let turns = 0;
    const patience = setInterval(() => {
      turns += 1;
      if (turns >= mostTurns) giveUp();
    }, TICK_MS);
    function giveUp() {
      clearInterval(patience);
      givenUp += 1;
      breakOff(far, outgoing);
    }
    far.once("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.on("data", (bytes: Buffer) => {
        turns = 0;
        outgoing.write(bytes);
      });
      answer.once("end", () => outgoing.end());
      answer.once("error", () => outgoing.destroy());
    });
    far.on("error", () => outgoing.destroy());
    outgoing.once("close", () => {
      clearInterval(patience);
      if (!outgoing.writableFinished && !outgoing.headersSent) far.destroy();
      else if (outgoing.destroyed && !outgoing.writableEnded) far.destroy();
    });
    incoming.pipe(far);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  async function close() {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    givenUp: () => givenUp,
    close,
  };
}

/** The request to the pod is left alone where the proxy has answered for it. */
function breakOff(far: ClientRequest, outgoing: ServerResponse) {
  far.removeAllListeners("response");
  far.on("response", (answer) => answer.resume());
  if (outgoing.headersSent) outgoing.destroy();
  else outgoing.writeHead(524, { "content-type": "text/html" }).end("<h1>524: A timeout occurred</h1>");
}
