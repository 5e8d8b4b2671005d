import { once } from "node:events";
import { type ClientRequest, createServer, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A proxy before a pod that gives up when no byte came for `patienceMs`, as Cloudflare does after 100 s: with a 524 of its own
 * before the answer has begun, by breaking it off afterwards. What it gave up on goes on at the pod.
 */
export async function startImpatientProxy(pod: string, patienceMs: number) {
  let givenUp = 0;
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url } = incoming;
    const far = request(new URL(url ?? "/", pod), { method, headers, agent: false });
    let patience = setTimeout(giveUp, patienceMs);
    function giveUp() {
      givenUp += 1;
      breakOff(far, outgoing);
    }
    far.once("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.on("data", (bytes: Buffer) => {
        clearTimeout(patience);
        patience = setTimeout(giveUp, patienceMs);
        outgoing.write(bytes);
      });
      answer.once("end", () => outgoing.end());
      answer.once("error", () => outgoing.destroy());
    });
    far.on("error", () => outgoing.destroy());
    outgoing.once("close", () => {
      clearTimeout(patience);
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
