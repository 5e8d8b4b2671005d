import { mkdtempSync, readdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "./fixtures";
import { freePort, runCli, startPodpass } from "./podpass-server";
import { descendants, stillRunning } from "./process-tree";

test.describe.configure({ mode: "serial", timeout: 120_000 });
test.skip(process.platform !== "linux", "looks into /proc");

const statusOf = async (url: string) => (await fetch(url, { redirect: "manual" })).status;

test("two run beside each other in two data folders", async ({ startFresh }) => {
  const [one, two] = await Promise.all([startFresh(), startFresh()]);
  for (const { url } of [one, two]) expect(await statusOf(`${url}/healthz`)).toBe(200);
});

test("the first lines say where, what is simulated, where data lives, and how to become the owner", async ({
  startFresh,
}) => {
  const { url, dataDir, output } = await startFresh();
  const [first, pod, data, setup] = output().split("\n");
  expect(first).toBe(`Podpass is running at ${url}`);
  expect(pod).toContain("simulated");
  expect(data).toContain(dataDir);
  expect(setup).toMatch(new RegExp(`${url}/setup\\?code=[\\w-]{16}`));
});

test("an owner from the environment needs no setup link", async ({ startFresh }) => {
  const env = { ADMIN_EMAIL: "Head@Example.com", ADMIN_PASSWORD: "a long enough password" };
  const { output, dataDir } = await startFresh(env);
  expect(output()).not.toContain("setup?code");
  expect(await runCli(dataDir, ["member", "list"])).toMatchObject([{ email: "head@example.com", role: "OWNER" }]);
});

test("what is secret on the disk is readable by its owner alone", async ({ startFresh }) => {
  const { dataDir } = await startFresh();
  const modeOf = (name: string) => statSync(join(dataDir, name)).mode & 0o777;
  for (const name of ["secret", "postgres-password"]) expect(modeOf(name)).toBe(0o600);
  expect(statSync(dataDir).mode & 0o777).toBe(0o711);
});

test("kill -9 leaves no process behind, and the next start finds everything", async ({ startFresh }) => {
  const server = await startFresh();
  await runCli(server.dataDir, ["member", "add", "kept@example.com"]);
  const family = descendants(server.pid);
  expect(family.map(({ command }) => command).join("\n")).toMatch(/postgres[\s\S]*pod-simulator[\s\S]*gateway-worker/);
  await server.end("SIGKILL");
  const again = await startPodpass({ dataDir: server.dataDir, port: server.port });
  expect(await runCli(server.dataDir, ["member", "list"])).toMatchObject([{ email: "kept@example.com" }]);
  expect(stillRunning(family)).toEqual([]);
  await again.end();
});

test("the command line works without a running Podpass as well, and leaves nothing running", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "podpass-e2e-"));
  await runCli(dataDir, ["member", "add", "alone@example.com"]);
  expect(await runCli(dataDir, ["member", "list"])).toMatchObject([{ email: "alone@example.com" }]);
  expect(readdirSync(dataDir)).not.toContain("postgres.lock");
});

test("a wrong environment is told whole, in plain words, before anything is started", async () => {
  const dataDir = join(mkdtempSync(join(tmpdir(), "podpass-e2e-")), "data");
  const env = {
    DATABASE_URL: "mysql://root:hunter2@db/x",
    PODPASS_SECRET: "changeme",
    VLLM_API_KEY: "k",
    AUTH_GITHUB_ID: "g",
  };
  const error = await startPodpass({ env, dataDir }).catch((reason: Error) => reason.message);
  expect(error).toContain("exit 1");
  for (const name of ["DATABASE_URL", "PODPASS_SECRET", "VLLM_BASE_URL", "AUTH_GITHUB_SECRET"]) {
    expect(error).toMatch(new RegExp(`^ {2}${name}: `, "m"));
  }
  expect(error).not.toMatch(/hunter2|changeme|^\s+at /m);
  expect(() => statSync(dataDir)).toThrow();
});

test("a database that does not answer and a port that is taken are told together", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const address = other.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const env = { DATABASE_URL: "postgres://podpass:hunter2@127.0.0.1:1/podpass" };
  const error = await startPodpass({ env, port }).catch((reason: Error) => reason.message);
  expect(error).toContain(`PORT: ${port} is taken by another program`);
  expect(error).toContain("DATABASE_URL: nobody listens at that host and port.");
  expect(error).not.toMatch(/hunter2|^\s+at /m);
  other.close();
});

test("a second one in the same data folder is refused and told of the first", async ({ startFresh }) => {
  const server = await startFresh();
  const second = startPodpass({ dataDir: server.dataDir, port: await freePort() });
  await expect(second).rejects.toThrow(`process ${server.pid}, at ${server.url}`);
  expect(await statusOf(`${server.url}/healthz`)).toBe(200);
});
