import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Heard = { path: string; method: string; authorization: string | undefined; body: string };

/** A provider's API on loopback: what it was asked, and what it does then. Without `answer` it says 200. */
export async function startHookServer(answer?: (heard: Heard, response: ServerResponse) => void | Promise<void>) {
  const heard: Heard[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const said = {
      path: request.url ?? "",
      method: request.method ?? "",
      authorization: request.headers.authorization,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    heard.push(said);
    await answer?.(said, response);
    if (!response.headersSent && answer === undefined) response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    heard,
    pathsHeard: () => heard.map(({ path }) => path),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
