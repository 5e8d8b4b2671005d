import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { requireAll, requireDatabase, requireFreePort } from "./checks";
import { StartError } from "./start-error";

async function takenPort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}

test("every problem is told at once", async () => {
  const checks = [
    Promise.reject(new StartError("PORT: a")),
    Promise.resolve(),
    Promise.reject(new StartError("HOST: b")),
  ];
  await expect(requireAll(checks)).rejects.toThrow("Podpass cannot start:\n  PORT: a\n  HOST: b");
});

test("a surprise stays one, with its stack", async () => {
  const surprise = new TypeError("x");
  await expect(requireAll([Promise.reject(new StartError("PORT: a")), Promise.reject(surprise)])).rejects.toBe(
    surprise,
  );
});

test("a port that is taken names its variable", async () => {
  await expect(requireFreePort("127.0.0.1", await takenPort(), 0)).rejects.toThrow(/^PORT: \d+ is taken/);
});

test("an address that is not this machine's names its variable", async () => {
  await expect(requireFreePort("192.0.2.1", 40_000)).rejects.toThrow(/^HOST: /);
});

test("a database that nobody serves is one line, without its address", async () => {
  const error = await requireDatabase("postgres://someone:hunter2@127.0.0.1:1/x").catch((reason: unknown) => reason);
  expect(error).toEqual(new StartError("DATABASE_URL: nobody listens at that host and port."));
});
