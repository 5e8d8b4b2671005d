import { afterAll, beforeAll, expect, test } from "vitest";
import { openPod, runScript } from "@/test/pod/rig";
import { startGatewayRig } from "@/test/rig/gateway";

let pods: Awaited<ReturnType<typeof openPod>>;
let rig: Awaited<ReturnType<typeof startGatewayRig>>;
let pod: Awaited<ReturnType<(typeof pods)["blank"]>>;
beforeAll(async () => {
  pods = await openPod();
  pod = await pods.blank();
  const started = await pod.run("start-server.sh");
  if (started.code !== 0) throw new Error(started.err);
  rig = await startGatewayRig("node", pod.url, pod.file("api-key.txt"), ["tiny/model"]);
});
afterAll(async () => {
  await rig.stop();
  await pods.close();
});

const ask = (key: string, more: Record<string, string> = {}) =>
  runScript("test-api-local.sh", { API_URL: `${rig.url}/v1`, VLLM_API_KEY: key, API_TIMEOUT: "20", ...more });

test("from a blank pod to a member's first request: everything passes, and it says that Podpass guards /health", async () => {
  const { secret, keyId } = await rig.issueKey();
  const { code, out, err } = await ask(secret);
  expect([code, err]).toEqual([0, ""]);
  expect(out).toContain("401: Podpass guards it");
  expect(out).toMatch(/Podpass at .*: 6 passed, 0 failed\n$/);
  expect(out).not.toContain(secret);
  const rows = await rig.rowsOf(keyId);
  const work = rows.filter(({ route }) => route.includes("completions"));
  expect(work.map(({ route, outcome, streamed }) => [route, outcome, streamed])).toEqual([
    ["/v1/completions", "completed", false],
    ["/v1/chat/completions", "completed", true],
  ]);
});

test("the pod's own key is no key for Podpass, and a member's is none for the pod", async () => {
  const stranger = await ask(pod.file("api-key.txt"));
  expect([stranger.code, stranger.out]).toEqual([1, expect.stringContaining("Podpass takes its own keys")]);
  const { secret } = await rig.issueKey();
  const direct = await ask(secret, { API_URL: pod.url });
  expect([direct.code, direct.out]).toEqual([1, expect.stringContaining("vLLM the pod's")]);
});

test("limits and models of a key are told in Podpass' words", async () => {
  const limited = await rig.issueKey({ limits: { rpm: 1 } });
  const { out } = await ask(limited.secret);
  expect(out).toMatch(/FAIL {2}(completion|streamed chat).* 429 .*\n.*A limit of the key/);
  const narrow = await rig.issueKey({ models: ["another"] });
  expect((await ask(narrow.secret)).out).toContain("No pod serves a model this key may use");
  expect((await ask(narrow.secret, { API_MODEL: "tiny/model" })).out).toContain("FAIL  completion");
});

test("a rotated pod keeps serving while Podpass has the old key, and a stopped one is told", async () => {
  const { secret } = await rig.issueKey();
  expect((await pod.run("rotate-key.sh")).code).toBe(0);
  expect((await ask(secret)).code).toBe(0);
  expect((await pod.run("stop-server.sh")).code).toBe(0);
  const { code, out } = await ask(secret);
  expect([code, out]).toEqual([1, expect.stringContaining("FAIL  completion")]);
});
