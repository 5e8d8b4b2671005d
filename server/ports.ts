import { connect, createServer } from "node:net";
import { StartError } from "./start-error";

/** A loopback port nobody listens on right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = address !== null && typeof address === "object" ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** Refuses the start, naming the variable to change, unless `host:port` can be listened on. */
export function requirePort(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => reject(new StartError(explain(error.code, host, port))));
    probe.listen({ host, port }, () => probe.close(() => resolve()));
  });
}

function explain(code: string | undefined, host: string, port: number) {
  if (code === "EADDRINUSE") {
    return `PORT: ${port} is taken by another program. Choose another one, for example: PORT=${port + 1} npm start`;
  }
  if (code === "EACCES") return `PORT: ${port} needs rights this user does not have. Choose one above 1023.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return `HOST: ${host} is not an address of this machine. 127.0.0.1 is this machine alone, 0.0.0.0 all its networks.`;
  }
  return `PORT, HOST: cannot listen on ${host}:${port} (${code ?? "unknown"}).`;
}

/** True when somebody accepts connections on a loopback port. */
export function answersOn(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, timeout: 1_000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}
