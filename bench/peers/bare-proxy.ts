// The yardstick: the least that a proxy on node:http and undici can be. No keys, no checks, no records.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Dispatcher, Pool } from "undici";

const pool = new Pool(`http://127.0.0.1:${process.env.UPSTREAM_PORT}`, { connections: null, pipelining: 1 });
const WANTED = ["content-type", "authorization", "accept"] as const;

class Relay implements Dispatcher.DispatchHandler {
  private readonly response: ServerResponse;
  private resume: () => void = () => undefined;

  constructor(response: ServerResponse) {
    this.response = response;
  }

  onConnect(abort: () => void) {
    this.response.once("close", () => {
      if (!this.response.writableFinished) abort();
    });
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void) {
    this.resume = resume;
    this.response.on("drain", () => this.resume());
    const lines: string[] = [];
    for (let at = 0; at + 1 < headers.length; at += 2) {
      const name = headers[at]?.toString("latin1") ?? "";
      if (name !== "transfer-encoding" && name !== "connection")
        lines.push(name, headers[at + 1]?.toString("latin1") ?? "");
    }
    this.response.writeHead(status, lines);
    return true;
  }

  onData(chunk: Buffer) {
    return this.response.write(chunk);
  }

  onComplete() {
    this.response.end();
  }

  onError() {
    this.response.destroy();
  }
}

function proxy(request: IncomingMessage, response: ServerResponse) {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.once("end", () => {
    const headers = WANTED.flatMap((name) => [name, request.headers[name] ?? ""]);
    const body = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
    pool.dispatch({ method: "POST", path: request.url ?? "/", headers, body }, new Relay(response));
  });
}

const server = createServer(proxy);
server.keepAliveTimeout = 75_000;
server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, () => {
  const address = server.address();
  process.send?.({ port: address !== null && typeof address === "object" ? address.port : 0 });
});
process.on("disconnect", () => process.exit(0));
