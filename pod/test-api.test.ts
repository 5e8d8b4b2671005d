import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSimulator } from "@/pod/simulator/simulator";
import { commandLinesWith, freePort, runScript } from "@/test/pod/rig";

const KEY = "sk-pod-Zk39fQx7Lm2Vb8Tn4Rw6Yp1Hs5";
const FAST = { keys: [KEY], models: ["tiny/model"], tokensPerSecond: 0, ttftMs: 0 };

/** Each waits for processes, mostly. */
const TOGETHER = { concurrent: true, timeout: 120_000 };

let pod: Awaited<ReturnType<typeof startSimulator>>;
const folder = mkdtempSync(join(tmpdir(), "podpass-test-api-"));
beforeAll(async () => {
  pod = await startSimulator(FAST);
});
afterAll(async () => {
  await pod.close();
  rmSync(folder, { recursive: true, force: true });
});

const local = (url: string, more: Record<string, string> = {}) =>
  runScript("test-api-local.sh", { API_URL: url, VLLM_API_KEY: KEY, API_TIMEOUT: "10", ...more });

/** A server that answers everything, or what a table says, as a proxy or a page would. */
async function standIn(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

describe("against vLLM", TOGETHER, () => {
  test("everything passes, and it says that vLLM leaves /health open", async () => {
    const { code, out, err } = await local(pod.url);
    expect([code, err]).toEqual([0, ""]);
    expect(out.match(/^PASS/gm)).toHaveLength(6);
    expect(out).toContain("200: vLLM leaves it open");
    expect(out).toContain("tiny/model");
    expect(out).toContain("[DONE]");
    expect(out).toMatch(/vLLM at .*: 6 passed, 0 failed\n$/);
  });

  test.each(["/", "/v1", "/v1/", "//"])("takes the address with %s at its end", async (end) => {
    expect(await local(pod.url + end)).toMatchObject({ code: 0 });
  });

  test("on the pod it reads the key file, and the address the server was started with", async () => {
    const workspace = join(folder, "a 'blank' pod");
    mkdirSync(join(workspace, "logs"), { recursive: true });
    writeFileSync(join(workspace, "logs/api-key.txt"), `${KEY}\n`);
    writeFileSync(join(workspace, "logs/server.pid"), `vllm 1 2\nkeeper 3 4\nurl ${pod.url}\n`);
    expect(await runScript("test-api.sh", { WORKSPACE: workspace })).toMatchObject({ code: 0, err: "" });
    const other = await runScript("test-api.sh", {
      WORKSPACE: workspace,
      API_URL: `http://127.0.0.1:${await freePort()}`,
    });
    expect(other).toMatchObject({ code: 1, out: expect.stringContaining("Nobody listens there") });
    const absent = await runScript("test-api.sh", { WORKSPACE: folder });
    expect(absent).toMatchObject({ code: 2, err: expect.stringContaining("There is no key in") });
    writeFileSync(join(workspace, "logs/api-key.txt"), "");
    expect(await runScript("test-api.sh", { WORKSPACE: workspace })).toMatchObject({ code: 2 });
  });

  test("a wrong key fails where the key matters, and is not repeated", async () => {
    const { code, out } = await local(pod.url, { VLLM_API_KEY: "sk-pod-another" });
    expect(code).toBe(1);
    expect(out.match(/^FAIL/gm)).toHaveLength(3);
    expect(out).toContain("The key is refused: is the one in VLLM_API_KEY this server's?");
    expect(out).not.toContain("sk-pod-another");
  });

  test("asks the model it is told to, and not the one the server was started with", async () => {
    expect((await local(pod.url, { MODEL: "/workspace/models/tiny" })).code).toBe(0);
    const { code, out } = await local(pod.url, { API_MODEL: 'no "such" \\model' });
    expect([code, out]).toEqual([1, expect.stringContaining("API_MODEL names another one")]);
  });

  test("a server without a key fails, however well it answers", async () => {
    const open = await startSimulator({ ...FAST, keys: [] });
    const { code, out } = await local(open.url);
    await open.close();
    expect(code).toBe(1);
    expect(out).toContain("any key opens it");
    expect(out).toContain("vLLM without a key");
  });

  test("the key stands in no command line, also while a request runs", async () => {
    const slow = await standIn((_request, response) => void setTimeout(() => response.end(), 1_500));
    const running = local(slow.url);
    await expect.poll(() => commandLinesWith(slow.url).length).toBeGreaterThan(0);
    expect(commandLinesWith(KEY)).toEqual([]);
    running.child.kill("SIGTERM");
    await running;
    slow.close();
  });
});

describe("a pod that misbehaves is told, with advice", TOGETHER, () => {
  const struck = async (mode: string, more: Record<string, string> = {}) => {
    const bad = await startSimulator(FAST);
    bad.control.fail({ mode: mode as "cut", afterEvents: 2, location: "https://elsewhere.example/" });
    const result = await local(bad.url, more);
    await bad.close();
    expect(result.code).toBe(1);
    expect(result.err).toBe("");
    return result.out;
  };

  test.each([
    ["bad-gateway", "HOST=0.0.0.0"],
    ["timeout-524", "nothing for 100 s"],
    ["error-500", "The server failed"],
    ["engine-dead", "The server failed"],
    ["unauthorized", "The key is refused"],
    ["rate-limited", "A limit of the key"],
    ["overloaded", "It lives and cannot serve"],
    ["html", "A web page answered"],
    ["empty", "Something else than vLLM"],
    ["truncated-json", ""],
    ["redirect", "Use the last address"],
    ["reset", "The "],
    ["cut", "broke off"],
    ["end-early", "events without [DONE]"],
    ["stream-error", "an error within the stream"],
    ["wrong-content-type", ""],
  ])("%s", async (mode, advice) => {
    const out = await struck(mode);
    expect(out).toMatch(/^FAIL {2}(completion|streamed chat)/m);
    expect(out).toContain(advice);
    expect(out).toMatch(/^PASS {2}models/m);
  });

  test("hang", async () => {
    expect(await struck("hang", { API_TIMEOUT: "1" })).toContain("nothing within 1 s");
  });

  test("odd but right streams pass", async () => {
    for (const mode of ["crlf", "comments", "split-bytes", "merged-events"] as const) {
      const odd = await startSimulator(FAST);
      odd.control.fail({ mode });
      expect((await local(odd.url)).code, mode).toBe(0);
      await odd.close();
    }
  });
});

describe("what stands in front is told apart", TOGETHER, () => {
  test.each([
    [502, "text/html", "<html>Bad gateway</html>", "bound to 127.0.0.1"],
    [524, "text/html", "<!DOCTYPE html><title>524</title>", "nothing for 100 s"],
    [530, "text/html", "error code: 1033", "does not reach the pod"],
    [404, "text/html", "<html>not found</html>", "RunPod says 404"],
    [200, "text/html; charset=utf-8", "<!doctype html><form>Sign in</form>", "A web page answered"],
    [403, "text/plain", "forbidden", "Refused: a firewall"],
    [418, "text/plain", "teapot", "what else listens there"],
  ])("%d %s", async (status, type, body, advice) => {
    const front = await standIn((_request, response) => response.writeHead(status, { "content-type": type }).end(body));
    const { code, out, err } = await local(front.url);
    front.close();
    expect([code, err, out]).toEqual([1, "", expect.stringContaining(advice)]);
  });

  test.each([
    ["https://team.example/login?next=%2Fhealth", "A sign-in page for browsers"],
    ["https://elsewhere.example/health", "the key is not sent after it"],
  ])("a redirect to %s is not followed", async (location, advice) => {
    const front = await standIn((_request, response) => response.writeHead(302, { location }).end());
    const { code, out } = await local(front.url);
    front.close();
    expect([code, out]).toEqual([1, expect.stringContaining(advice)]);
    expect(out).not.toContain("next=");
  });

  test("a redirect to https names the address to use", async () => {
    const front = await standIn((request, response) =>
      response.writeHead(308, { location: `https://${request.headers.host}${request.url}` }).end(),
    );
    const { out } = await local(front.url);
    front.close();
    expect(out).toContain(`API_URL=${front.url.replace("http:", "https:")}`);
  });

  test("nobody there, an unknown name, https asked of http, silence", async () => {
    expect((await local(`http://127.0.0.1:${await freePort()}`)).out).toContain("Nobody listens there");
    expect((await local("https://pod.invalid")).out).toContain("Nobody knows this name");
    expect((await local(pod.url.replace("http:", "https:"))).out).toContain("TLS failed");
    const silent = await standIn(() => undefined);
    const { code, out } = await local(silent.url, { API_TIMEOUT: "1" });
    silent.close();
    expect([code, out]).toEqual([1, expect.stringContaining("the other checks were not tried")]);
  });

  test("what a server says cannot write to the terminal, nor show the key it was sent", async () => {
    const front = await standIn((request, response) =>
      response
        .writeHead(500, { "content-type": "application/json" })
        .end(
          JSON.stringify({ error: { message: `no: ${request.headers.authorization}` } }).replace(
            "no",
            "\u001b]0;owned\u0007no",
          ),
        ),
    );
    const { out } = await local(front.url);
    front.close();
    expect(out).toContain("no: Bearer ***");
    expect(out).not.toContain(KEY);
    expect([...out].filter((letter) => letter < " " && letter !== "\n")).toEqual([]);
  });
});

test.each([
  [{ VLLM_API_KEY: "" }, "VLLM_API_KEY is not set"],
  [{ VLLM_API_KEY: "two words" }, "no key has"],
  [{ VLLM_API_KEY: 'a"\nurl = "http://evil"' }, "no key has"],
  [{ API_URL: "" }, "API_URL is not set"],
  [{ API_URL: "pod-8000.proxy.runpod.net" }, "API_URL=https://pod-8000.proxy.runpod.net"],
  [{ API_URL: "ftp://x" }, "begins with http"],
  [{ API_URL: "http://" }, "begins with http"],
  [{ API_URL: "http://me:pw@host" }, "user or password"],
  [{ API_URL: "http://host/?a=b" }, "a ? or #"],
  [{ API_URL: "http://ho st" }, "spaces or quotes"],
  [{ API_TIMEOUT: "soon" }, "API_TIMEOUT must be"],
] as [Record<string, string>, string][])("refuses %j with one sentence and code 2", TOGETHER, async (more, why) => {
  const { code, out, err } = await local(pod.url, more);
  expect([code, out, err]).toEqual([2, "", expect.stringContaining(why)]);
  expect(err).not.toMatch(/line \d+:/);
});
