import { type StdioOptions, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";

let folder: string;
let program: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pod-simulator-"));
  program = join(folder, "pod-simulator.mjs");
  const entry = new URL("main.ts", import.meta.url).pathname;
  await build({
    entryPoints: [entry],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Wish = { stdin?: "pipe" | "ignore"; ipc?: boolean; args?: string[] };

async function run({ stdin = "ignore", ipc = false, args = [] }: Wish = {}) {
  const stdio: StdioOptions = [stdin, "pipe", "pipe", ipc ? "ipc" : "ignore"];
  const child = spawn(process.execPath, [program, "--port", "0", ...args], {
    stdio,
    env: { NODE_ENV: "test", SIM_KEY: "k", SIM_TTFT_MS: "1" },
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout?.once("data", (data: Buffer) => resolve(String(data)));
    child.stderr?.once("data", (data: Buffer) => reject(new Error(String(data))));
  }).catch((error: Error) => error.message);
  return { child, ended, line };
}

test("says where it listens in one line of JSON, and ends on SIGTERM and SIGINT", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const { child, ended, line } = await run();
    const { port, url, ready } = JSON.parse(line);
    expect([ready, url]).toEqual([true, `http://127.0.0.1:${port}`]);
    expect((await fetch(`${url}/v1/models`, { headers: { authorization: "Bearer k" } })).status).toBe(200);
    child.kill(signal);
    expect(await ended).toBe(0);
  }
});

test("ends when its parent's pipe ends", async () => {
  const { child, ended } = await run({ stdin: "pipe" });
  child.stdin?.end();
  expect(await ended).toBe(0);
});

test("ends when its parent's channel is gone", async () => {
  const { child, ended } = await run({ ipc: true });
  child.disconnect();
  expect(await ended).toBe(0);
});

test("refuses a wrong option in one line", async () => {
  const { ended, line } = await run({ args: ["--prot", "1"] });
  expect(line).toBe("--prot is not an option.\n");
  expect(await ended).toBe(1);
});

test("on SIGTERM a running stream gets an error event and [DONE]", async () => {
  const { child, ended, line } = await run();
  const answer = await fetch(`${JSON.parse(line).url}/v1/completions`, {
    method: "POST",
    headers: { authorization: "Bearer k", "content-type": "application/json" },
    body: JSON.stringify({ prompt: "hi", stream: true, ignore_eos: true, max_tokens: 5_000 }),
  });
  child.kill("SIGTERM");
  expect(await answer.text()).toMatch(/data: \{"error": .*\}\n\ndata: \[DONE\]\n\n$/);
  expect(await ended).toBe(0);
});
