import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { Redis } from "ioredis";

const PROGRAMS = ["redis-server", "valkey-server"];

/** The Redis or Valkey that is installed here; null: none is, and what needs it is skipped. */
export const redisProgram = PROGRAMS.find((name) => spawnSync(name, ["--version"]).status === 0) ?? null;

/** A Redis of a test's own, in memory, on a free port. `start` again after `stop`: the same address, and empty. */
export async function createRedis() {
  const port = await freePort();
  let server: ChildProcess | null = null;

  async function start() {
    const started = spawn(
      redisProgram ?? "",
      ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
      {
        stdio: "ignore",
      },
    );
    server = started;
    const probe = new Redis(port, "127.0.0.1", { retryStrategy: () => 50, maxRetriesPerRequest: null });
    probe.on("error", () => undefined);
    await probe.ping();
    probe.disconnect();
  }

  async function stop() {
    if (server === null) return;
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    server = null;
    await ended;
  }

  return { url: `redis://127.0.0.1:${port}`, start, stop };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
