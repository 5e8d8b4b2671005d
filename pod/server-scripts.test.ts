import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandLinesWith, isAlive, openPod, runScript, SCRIPTS, signal } from "@/test/pod/rig";

const STRONG = "Zk3-9fQx_7Lm2Vb8Tn4Rw6Yp1Hs5";
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const statusOf = async (url: string, key: string) =>
  (await fetch(url, { headers: { authorization: `Bearer ${key}` } })).status;

let rig: Awaited<ReturnType<typeof openPod>>;
beforeAll(async () => {
  rig = await openPod();
}, 30_000);
afterAll(() => rig.close());

describe("start-server.sh", { timeout: 90_000, concurrent: true }, () => {
  test("makes a strong key, keeps it from others, shows it once, and says how to connect", async () => {
    const pod = await rig.blank();
    const { code, out, err } = await pod.run("start-server.sh");
    expect([code, err]).toEqual([0, ""]);
    const key = pod.file("api-key.txt");
    expect(key).toMatch(/^sk-pod-[A-Za-z0-9]{43}$/);
    expect(out.split(key)).toHaveLength(2);
    expect(out).toContain("pod add NAME");
    expect(out).toContain("Pods, Add pod");
    expect(out).toContain("/invocations");
    expect(modeOf(pod.logs)).toBe("700");
    for (const name of ["api-key.txt", "next-api-key.txt", "vllm.yaml", "server.pid", "server.log"])
      expect(modeOf(join(pod.logs, name)), name).toBe("600");
    expect(await statusOf(`${pod.url}/v1/models`, key)).toBe(200);
    expect(await statusOf(`${pod.url}/v1/models`, STRONG)).toBe(401);
    for (const secret of [key, pod.file("next-api-key.txt")]) {
      expect(commandLinesWith(secret)).toEqual([]);
      expect(pod.file("server.log")).not.toContain(secret);
    }

    const again = await pod.run("start-server.sh");
    expect(again.code).toBe(1);
    expect(again.err).toContain("It already runs");

    expect((await pod.run("stop-server.sh")).out).toContain("Stopped.");
    const next = await pod.run("start-server.sh");
    expect(next.code).toBe(0);
    expect(next.out).not.toContain(key);
    expect(next.out).toContain("The pod's key is the one in");
    expect(pod.file("api-key.txt")).toBe(key);
    expect(pod.file("server.log.1")).toContain("vLLM ended with code 0");
    expect((await pod.run("stop-server.sh")).code).toBe(0);
  });

  test("takes a key and arguments, in both places, with their quotes", async () => {
    const pod = await rig.blank();
    const more = { VLLM_API_KEY: STRONG, VLLM_ARGS: `--hf-overrides '{"a": "b c"}' --max-model-len 8192` };
    const { code, out, err } = await pod.run("start-server.sh", more, ["--", "--served-model-name", "a b"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).not.toContain(STRONG);
    expect(pod.file("api-key.txt")).toBe(STRONG);
    expect(await statusOf(`${pod.url}/v1/models`, STRONG)).toBe(200);
    const [line = ""] = commandLinesWith(pod.workspace);
    expect(line.split("\0")).toEqual(
      expect.arrayContaining(["serve", "tiny/model", '{"a": "b c"}', "8192", "--served-model-name", "a b"]),
    );
    expect(line).not.toContain(STRONG);
    expect((await pod.run("stop-server.sh")).code).toBe(0);
  });

  test.each([
    ["short", "it has 5 characters"],
    ["a".repeat(40), "only 1 different"],
    ["abcdefghijklmnopqrstuvwxyz012345", "row"],
    ["Zk39fQx7Lm2VZk39fQx7Lm2V", "repeats its first 12"],
    ["my-password-is-very-Strong-9f3", "list of guesses"],
    ["Zk3 9fQx 7Lm2 Vb8T n4Rw 6Yp1", "without spaces"],
    ['Zk39fQx7Lm2V"\nb8Tn4Rw6Yp1Hs5', "without spaces"],
    ["-Zk39fQx7Lm2Vb8Tn4Rw6Yp1Hs5", "begins with"],
    [`Zk3$(touch /tmp/x)9fQx7Lm2Vb8T`, "alone"],
    ["schlüssel-Zk39fQx7Lm2Vb8Tn4R", "alone"],
    [`sk-vllm-${"7Qm4z9".repeat(6)}B3`, "member's key"],
    [`${STRONG}!`.repeat(30), "alone"],
    ["Zk39fQx7Lm2Vb8Tn4Rw6Yp1Hs5".repeat(20), "512 are the most"],
  ])("refuses the key %j and does not repeat it", async (key, why) => {
    const pod = await rig.blank();
    const { code, out, err } = await pod.run("start-server.sh", { VLLM_API_KEY: key });
    expect(code).toBe(1);
    expect(err).toContain(why);
    expect(out + err).not.toContain(key);
    expect(() => statSync(join(pod.logs, "api-key.txt"))).toThrow();
  });

  test.each([
    [{ MODEL: "" }, [], "MODEL is not set"],
    [{ MODEL: "--help" }, [], "looks like an option"],
    [{ MODEL: "/no/such/folder" }, [], "there is no such folder"],
    [{ PORT: "0" }, [], "PORT must be a number from 1 to 65535"],
    [{ PORT: "http" }, [], "PORT must be a number"],
    [{ PORT: "99999" }, [], "PORT must be a number"],
    [{ HOST: "my host" }, [], "HOST must be an address"],
    [{ START_TIMEOUT: "-1" }, [], "START_TIMEOUT must be"],
    [{ START_TIMEOUT: "x[$(touch /tmp/pwned)]" }, [], "START_TIMEOUT must be"],
    [{ VLLM_ARGS: `--a "b` }, [], "quote that doesn't end"],
    [{ VLLM_COMMAND: "no-such-vllm" }, [], "there is no such program"],
    [{ PATH: "/usr/local/bin:/usr/bin:/bin" }, [], "vllm is not on the PATH"],
    [{ PATH: "/usr/local/bin:/usr/bin:/bin", VLLM_API_KEY: "short" }, [], "VLLM_API_KEY is refused"],
    [{}, ["--max-model-len", "8"], "come after --"],
    [{}, ["--", "--api-key", STRONG], "give the key in VLLM_API_KEY"],
    [{ VLLM_ARGS: "--api_key=x" }, [], "give the key in VLLM_API_KEY"],
    [{}, ["--", "--port", "1"], "give it as HOST or PORT"],
    [{}, ["--", "--model=x"], "give it as MODEL"],
    [{ WORKSPACE: "/proc/1/nowhere" }, [], "is not a folder you may write to"],
    [{ WORKSPACE: "/etc/passwd" }, [], "/etc/passwd is not a folder"],
    [{ WORKSPACE: "/tmp/a\nb" }, [], "control characters"],
  ] as [Record<string, string>, string[], string][])("refuses %j %j in a sentence", async (more, args, why) => {
    const pod = await rig.blank();
    const { code, err } = await pod.run("start-server.sh", more, args);
    expect([code, err]).toEqual([1, expect.stringContaining(why)]);
    expect(err).not.toMatch(/line \d+:/);
    expect(pod.processes()).toEqual({});
  });

  test("refuses a taken port", async () => {
    const pod = await rig.blank();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(pod.port, "127.0.0.1", resolve));
    const { code, err } = await pod.run("start-server.sh");
    other.close();
    expect([code, err]).toEqual([1, expect.stringContaining(`Port ${pod.port} is taken`)]);
  });

  test("closes a key file that was open, and says so; refuses links and spoilt files", async () => {
    const pod = await rig.blank();
    mkdirSync(pod.logs, { mode: 0o755 });
    const file = join(pod.logs, "api-key.txt");
    writeFileSync(file, `${STRONG}\n`);
    chmodSync(file, 0o644);
    const { code, out } = await pod.run("start-server.sh");
    expect(code).toBe(0);
    expect(out).toMatch(/had mode 644, now 600.*rotate-key/);
    expect([modeOf(file), modeOf(pod.logs)]).toEqual(["600", "700"]);
    expect((await pod.run("stop-server.sh")).code).toBe(0);

    writeFileSync(file, `${STRONG}\nanother line\n`);
    expect((await pod.run("start-server.sh")).err).toContain("more than one line");
    writeFileSync(file, "secret\n");
    expect((await pod.run("start-server.sh")).err).toContain("it has 6 characters");

    const linked = await rig.blank();
    mkdirSync(linked.logs);
    symlinkSync(file, join(linked.logs, "api-key.txt"));
    expect((await linked.run("start-server.sh")).err).toContain("must be a plain file");
    const elsewhere = await rig.blank();
    symlinkSync("/tmp", elsewhere.logs);
    expect((await elsewhere.run("start-server.sh")).err).toContain("is a link");
  });

  test("says once where the file system keeps no modes, and goes on", async () => {
    const pod = await rig.blank();
    const stubs = join(pod.workspace, "stubs");
    mkdirSync(stubs);
    writeFileSync(join(stubs, "stat"), "#!/bin/sh\necho 666\n", { mode: 0o755 });
    const { code, out } = await pod.run("start-server.sh", {
      PATH: `${stubs}:${rig.bin}:/usr/local/bin:/usr/bin:/bin`,
    });
    expect([code, out.split("other users of this machine can read the key").length]).toEqual([0, 2]);
    expect((await pod.run("stop-server.sh")).code).toBe(0);
  });

  test.skipIf(process.getuid?.() !== 0)("a folder of another user is told from an empty one", async () => {
    const pod = await rig.blank();
    mkdirSync(pod.logs, { mode: 0o700 });
    chmodSync(rig.folder, 0o755);
    chmodSync(pod.workspace, 0o777);
    const asNobody = (script: string) =>
      new Promise<string>((resolve) => {
        const env = { PATH: `${rig.bin}:/usr/bin:/bin`, WORKSPACE: pod.workspace, MODEL: "m" };
        // The script comes by standard input: the folder it lies in may be closed to others too.
        const child = spawn("bash", ["-s"], {
          env: env as unknown as NodeJS.ProcessEnv,
          uid: 65534,
          gid: 65534,
          cwd: "/",
        });
        let said = "";
        child.stderr.on("data", (data: Buffer) => {
          said += String(data);
        });
        child.once("close", (code) => resolve(`${code} ${said}`));
        child.stdin.end(readFileSync(join(SCRIPTS, script)));
      });
    expect(await asNobody("stop-server.sh")).toMatch(/^1 .*closed to this user/);
    expect(await asNobody("rotate-key.sh")).toMatch(/^1 .*closed to this user/);
    expect(await asNobody("test-api.sh")).toMatch(/^2 .*closed to this user/);
    expect(await asNobody("start-server.sh")).toMatch(/^1 .*belongs to another user/);
  });

  test("says what vLLM said when it ends while loading, with advice, and leaves nothing running", async () => {
    const pod = await rig.blank();
    const { code, err } = await pod.run("start-server.sh", { FAKE_VLLM: "oom" });
    expect(code).toBe(1);
    expect(err).toContain("CUDA out of memory");
    expect(err).toContain("--max-model-len");
    expect(pod.processes()).toEqual({});
    const typo = await pod.run("start-server.sh", {}, ["--", "--max-modle-len", "5"]);
    expect(typo.err).toContain("vLLM does not know one of the arguments");
    const ready = await pod.run("start-server.sh");
    expect(ready.code).toBe(0);
    expect((await pod.run("stop-server.sh")).code).toBe(0);
  });

  test("gives up at its limit, and when it is interrupted, and stops what it started", async () => {
    const pod = await rig.blank();
    const slow = await pod.run("start-server.sh", { FAKE_VLLM: "silent", START_TIMEOUT: "2" });
    expect([slow.code, slow.err]).toEqual([1, expect.stringContaining("not ready after 2 s")]);
    expect(commandLinesWith(pod.workspace)).toEqual([]);

    const interrupted = pod.run("start-server.sh", { FAKE_VLLM: "silent" });
    await expect.poll(() => pod.processes().vllm).toBeGreaterThan(0);
    const second = await pod.run("start-server.sh");
    expect(second.err).toContain("Another start or rotation is under way");
    interrupted.child.kill("SIGTERM");
    expect((await interrupted).code).toBe(130);
    expect(commandLinesWith(pod.workspace)).toEqual([]);
  });

  test("of two starts at once one succeeds, and a stop ends a server that still loads", async () => {
    const pod = await rig.blank();
    const both = await Promise.all([pod.run("start-server.sh"), pod.run("start-server.sh")]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 1]);
    expect((await pod.run("stop-server.sh")).code).toBe(0);
    const loading = pod.run("start-server.sh", { FAKE_VLLM: "silent" });
    await expect.poll(() => pod.processes().vllm, { timeout: 30_000 }).toBeGreaterThan(0);
    expect((await pod.run("stop-server.sh")).out).toContain("Stopped");
    expect(await loading).toMatchObject({ code: 1, err: expect.stringContaining("vLLM ended with code") });
    expect(commandLinesWith(pod.workspace)).toEqual([]);
  });

  test("does not leave a server up that takes any key", async () => {
    const pod = await rig.blank();
    const { code, err } = await pod.run("start-server.sh", { FAKE_VLLM: "open" });
    expect([code, err]).toEqual([1, expect.stringContaining("takes any key, so it was stopped")]);
    expect(commandLinesWith(pod.workspace)).toEqual([]);
  });

  test("in the foreground it lives as long as the server, and shows no key", async () => {
    const pod = await rig.blank();
    const running = pod.run("start-server.sh", {}, ["--foreground"]);
    await expect.poll(running.said).toContain("answer without it");
    expect(await statusOf(`${pod.url}/health`, "")).toBe(200);
    running.child.kill("SIGTERM");
    const { code, out } = await running;
    expect(code).toBe(0);
    expect(out).toContain("Ready after");
    expect(out).not.toContain(pod.file("api-key.txt"));
    expect(commandLinesWith(pod.workspace)).toEqual([]);
  });

  test("each script works alone, copied to another place", async () => {
    const pod = await rig.blank();
    const alone = join(rig.folder, "alone");
    for (const name of ["start-server.sh", "test-api.sh", "rotate-key.sh", "stop-server.sh"]) {
      const place = join(alone, name.replace(".sh", ""));
      mkdirSync(place, { recursive: true });
      copyFileSync(join(SCRIPTS, name), join(place, "run"));
      const env = { PATH: `${rig.bin}:/usr/bin:/bin`, WORKSPACE: pod.workspace, PORT: String(pod.port), MODEL: "m" };
      const child = spawn("bash", ["./run"], { cwd: place, env: env as unknown as NodeJS.ProcessEnv, stdio: "ignore" });
      expect(await new Promise((resolve) => child.once("exit", resolve)), name).toBe(0);
    }
  });
});

describe("stop-server.sh", { timeout: 90_000, concurrent: true }, () => {
  test("asks first, then ends by force, together with what vLLM left behind", async () => {
    const pod = await rig.blank();
    expect((await pod.run("start-server.sh", { FAKE_VLLM: "deaf,engine" })).code).toBe(0);
    const { vllm = 0 } = pod.processes();
    const group = () => commandLinesWith(`sleep\u0000300\u0000${vllm}`).length;
    expect(group()).toBeGreaterThan(0);
    const { code, out } = await pod.run("stop-server.sh", { STOP_TIMEOUT: "1" });
    expect([code, out]).toEqual([0, expect.stringMatching(/did not end within 1 s[\s\S]*Stopped/)]);
    expect([isAlive(vllm), group()]).toEqual([false, 0]);
    const again = await pod.run("stop-server.sh");
    expect([again.code, again.out]).toEqual([0, expect.stringContaining("No server runs")]);
  });

  test("leaves alone a process that has the number of an ended server", async () => {
    const pod = await rig.blank();
    mkdirSync(pod.logs, { mode: 0o700 });
    const stranger = spawn("sleep", ["60"], { stdio: "ignore", detached: true });
    const { pid = 0 } = stranger;
    writeFileSync(join(pod.logs, "server.pid"), `vllm ${pid} 12345\nkeeper ${pid} 67890\nurl ${pod.url}\n`);
    const { code, out } = await pod.run("stop-server.sh");
    expect([code, out]).toEqual([0, expect.stringContaining("No server runs")]);
    expect(isAlive(pid)).toBe(true);

    for (const wrong of ["vllm -1 5", "vllm 1", "vllm 0 0\nkeeper 0 0", "vllm $(id) x", "\0\0", ""]) {
      writeFileSync(join(pod.logs, "server.pid"), `${wrong}\n`);
      expect((await pod.run("stop-server.sh")).code, wrong).toBe(0);
    }
    writeFileSync(join(pod.logs, "server.pid"), `vllm ${pid} 12345\n`);
    expect((await pod.run("start-server.sh")).code).toBe(0);
    expect((await pod.run("stop-server.sh")).code).toBe(0);
    expect(isAlive(pid)).toBe(true);
    stranger.kill();
  });

  test("ends a server whose keeper was killed, and a server that was killed is not missed", async () => {
    const pod = await rig.blank();
    expect((await pod.run("start-server.sh", { FAKE_VLLM: "engine" })).code).toBe(0);
    const { vllm = 0, keeper = 0 } = pod.processes();
    signal(keeper, "SIGKILL");
    await expect.poll(() => isAlive(keeper)).toBe(false);
    expect((await pod.run("start-server.sh")).err).toContain("It already runs");
    expect((await pod.run("rotate-key.sh", {}, ["--finish"])).err).toContain("is gone");
    const { code, out } = await pod.run("stop-server.sh");
    expect([code, out]).toEqual([0, expect.stringContaining("Stopped")]);
    expect([isAlive(vllm), commandLinesWith(`sleep\u0000300\u0000${vllm}`)]).toEqual([false, []]);

    expect((await pod.run("start-server.sh")).code).toBe(0);
    const second = pod.processes();
    signal(second.vllm ?? 0, "SIGKILL");
    await expect.poll(() => isAlive(second.keeper)).toBe(false);
    expect(pod.file("server.log")).toContain("vLLM ended with code 137");
    expect((await pod.run("stop-server.sh")).out).toContain("No server runs");
  });

  test("without a server or a folder it says so", async () => {
    const pod = await rig.blank();
    expect(await pod.run("stop-server.sh")).toMatchObject({ code: 1, err: expect.stringContaining("does not exist") });
    const bad = await pod.run("stop-server.sh", { STOP_TIMEOUT: "soon" });
    expect(bad.err).toContain("STOP_TIMEOUT must be");
    expect(await runScript("stop-server.sh", { WORKSPACE: "/nowhere" })).toMatchObject({ code: 1 });
  });
});

describe("rotate-key.sh", { timeout: 90_000, concurrent: true }, () => {
  test("names a folder that is not there", async () => {
    const { code, err } = await runScript("rotate-key.sh", { WORKSPACE: "/nowhere" });
    expect([code, err]).toEqual([1, expect.stringContaining("/nowhere is not a folder")]);
  });

  test("makes the spare key the pod's while the old one works, and ends the old one with a restart", async () => {
    const pod = await rig.blank();
    expect((await pod.run("start-server.sh", { VLLM_API_KEY: STRONG })).code).toBe(0);
    const models = `${pod.url}/v1/models`;
    const { vllm } = pod.processes();
    const rotated = await pod.run("rotate-key.sh");
    expect([rotated.code, rotated.err]).toEqual([0, ""]);
    const fresh = pod.file("api-key.txt");
    expect(fresh).not.toBe(STRONG);
    expect(rotated.out.split(fresh)).toHaveLength(2);
    expect(rotated.out).toContain("nothing was interrupted");
    expect(pod.processes().vllm).toBe(vllm);
    expect([await statusOf(models, STRONG), await statusOf(models, fresh)]).toEqual([200, 200]);
    expect((await pod.run("rotate-key.sh")).err).toContain("A change is under way");
    expect((await pod.run("test-api.sh")).code).toBe(0);

    // A pod that sleeps in between forgets neither of them, and its settings still carry the first.
    expect((await pod.run("stop-server.sh")).code).toBe(0);
    const woken = await pod.run("start-server.sh", { VLLM_API_KEY: STRONG });
    expect(woken.out).toContain("from before a rotation");
    expect(pod.file("api-key.txt")).toBe(fresh);
    expect([await statusOf(models, STRONG), await statusOf(models, fresh)]).toEqual([200, 200]);

    const finished = await pod.run("rotate-key.sh", {}, ["--finish"]);
    expect([finished.code, finished.err]).toEqual([0, ""]);
    expect(finished.out).toMatch(/running answers end now[\s\S]*Ready after/);
    expect([await statusOf(models, STRONG), await statusOf(models, fresh)]).toEqual([401, 200]);
    expect(pod.processes().vllm).not.toBe(vllm);

    expect((await pod.run("stop-server.sh")).code).toBe(0);
    expect((await pod.run("start-server.sh", { VLLM_API_KEY: STRONG })).out).toContain("from before a rotation");
    expect(await statusOf(models, STRONG)).toBe(401);

    const now = await pod.run("rotate-key.sh", {}, ["--now"]);
    expect([now.code, now.err]).toEqual([0, ""]);
    const newest = pod.file("api-key.txt");
    expect(now.out).toContain(newest);
    expect([await statusOf(models, fresh), await statusOf(models, newest)]).toEqual([401, 200]);

    expect((await pod.run("rotate-key.sh")).code).toBe(0);
    expect((await pod.run("rotate-key.sh", {}, ["--finish", "--later"])).out).toContain("until the next start");
    expect(await statusOf(models, newest)).toBe(200);
    expect((await pod.run("stop-server.sh")).code).toBe(0);
    expect((await pod.run("start-server.sh")).code).toBe(0);
    expect([await statusOf(models, newest), await statusOf(models, pod.file("api-key.txt"))]).toEqual([401, 200]);
    expect((await pod.run("stop-server.sh")).code).toBe(0);
  });

  test("a server with a configuration of its own has one key, which only a restart changes", async () => {
    const pod = await rig.blank();
    const config = join(pod.workspace, "mine.yaml");
    writeFileSync(config, "max-model-len: 4096\n");
    const { code, out } = await pod.run("start-server.sh", {}, ["--", "--config", config]);
    expect([code, out]).toEqual([0, expect.stringContaining("no spare")]);
    const old = pod.file("api-key.txt");
    expect((await pod.run("rotate-key.sh")).err).toContain("--now restarts it");
    expect((await pod.run("rotate-key.sh", {}, ["--now"])).code).toBe(0);
    expect(await statusOf(`${pod.url}/v1/models`, old)).toBe(401);
    expect(await statusOf(`${pod.url}/v1/models`, pod.file("api-key.txt"))).toBe(200);
    expect((await pod.run("stop-server.sh")).code).toBe(0);
  });

  test("without a running server the next start takes both keys; a restart that fails is told", async () => {
    const pod = await rig.blank();
    expect((await pod.run("rotate-key.sh")).err).toContain("start-server.sh makes the first one");
    expect((await pod.run("rotate-key.sh", {}, ["--later"])).err).toContain("--later goes with --finish");
    expect((await pod.run("rotate-key.sh", {}, ["--now", "--finish"])).err).toContain("Choose one");
    expect((await pod.run("start-server.sh", { VLLM_API_KEY: STRONG })).code).toBe(0);
    expect((await pod.run("stop-server.sh")).code).toBe(0);
    expect((await pod.run("rotate-key.sh")).out).toContain("doesn't run");
    expect((await pod.run("start-server.sh")).code).toBe(0);
    const models = `${pod.url}/v1/models`;
    expect([await statusOf(models, STRONG), await statusOf(models, pod.file("api-key.txt"))]).toEqual([200, 200]);

    writeFileSync(join(pod.logs, "next-api-key.txt"), "spoilt\n");
    const failed = await pod.run("rotate-key.sh", {}, ["--finish"]);
    expect([failed.code, failed.err]).toEqual([
      1,
      expect.stringMatching(/did not come back[\s\S]*next-api-key.txt is refused/),
    ]);
    expect((await pod.run("stop-server.sh")).code).toBe(0);
  });
});
