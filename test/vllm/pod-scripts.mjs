import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { freePort, startedElsewhere } from "./processes.mjs";
import { MODEL, makeModel, QUIET } from "./vllm.mjs";

const SCRIPTS = new URL("../../pod/", import.meta.url).pathname;

/** Runs a script as somebody on the pod would; resolves with its end, whatever it is. */
function run(name, env, args = []) {
  return new Promise((resolve) => {
    execFile(`${SCRIPTS}${name}`, args, { env, maxBuffer: 16 * 1024 * 1024 }, (error, out, err) => {
      resolve({ code: error ? (error.code ?? error.signal) : 0, out, err });
    });
  });
}

function passed({ code, out, err }) {
  assert.equal(code, 0, `ended with ${code}:\n${out}${err}`);
  return out.trim().split("\n").at(-1);
}

/** No command line on this machine shows one of these texts. */
function assertHidden(...secrets) {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    let line = "";
    try {
      line = readFileSync(`/proc/${pid}/cmdline`, "latin1");
    } catch {
      continue; // it has ended
    }
    for (const secret of secrets) assert.ok(!line.includes(secret), `process ${pid} shows a key in its command line`);
  }
}

const statusOf = async (url, key) => (await fetch(url, { headers: { authorization: `Bearer ${key}` } })).status;

/**
 * From a blank folder to a member's first request, with the scripts for pods, a real vLLM and Podpass; then the pod's key is changed
 * while a member streams. `check` counts, `podpass` may be null.
 */
export async function checkPodScripts({ check, folder, python, environment, podpass }) {
  const workspace = `${folder}/a blank pod`;
  mkdirSync(workspace);
  const port = await freePort();
  const env = {
    ...process.env,
    ...QUIET,
    PATH: `${environment}/bin:${process.env.PATH}`,
    WORKSPACE: workspace,
    MODEL: makeModel(python, folder),
    HOST: "127.0.0.1",
    PORT: String(port),
    START_TIMEOUT: "900",
    TMPDIR: folder,
    XDG_CACHE_HOME: folder,
    XDG_CONFIG_HOME: folder,
  };
  delete env.VLLM_API_KEY;
  delete env.API_URL;
  const url = `http://127.0.0.1:${port}`;
  const kept = (name) => readFileSync(`${workspace}/logs/${name}`, "utf8").trim();
  const args = ["--", "--served-model-name", MODEL, "--enforce-eager", "--dtype", "float32", "--max-model-len", "1024"];

  const started = await run("start-server.sh", env, args);
  startedElsewhere(() => run("stop-server.sh", env));
  await check("start-server.sh makes a pod of a blank folder", async () => {
    passed(started);
    const key = kept("api-key.txt");
    assert.equal(started.out.split(key).length, 2, "the key is shown once");
    for (const name of ["api-key.txt", "next-api-key.txt", "vllm.yaml"])
      assert.equal(statSync(`${workspace}/logs/${name}`).mode & 0o777, 0o600, name);
    assertHidden(key, kept("next-api-key.txt"));
    assert.ok(!kept("server.log").includes(key), "the key is in the log");
    return started.out.match(/Ready after \d+ s/)?.[0];
  });
  if (started.code !== 0) return;
  await check("start-server.sh refuses a second start", async () => {
    const second = await run("start-server.sh", env, args);
    assert.equal(second.code, 1);
    assert.match(second.err, /It already runs/);
  });
  await check("test-api.sh passes on the pod", async () => passed(await run("test-api.sh", env)));
  await check("test-api-local.sh passes against vLLM", async () =>
    passed(await run("test-api-local.sh", { ...env, API_URL: `${url}/v1`, VLLM_API_KEY: kept("api-key.txt") })),
  );
  await check("test-api-local.sh fails with a wrong key", async () => {
    const wrong = await run("test-api-local.sh", { ...env, API_URL: url, VLLM_API_KEY: "sk-pod-of-another-pod" });
    assert.equal(wrong.code, 1);
    assert.match(wrong.out, /FAIL {2}models +401/);
  });
  const ask = podpass ? await throughPodpass({ check, env, url, kept, podpass }) : null;

  const old = kept("api-key.txt");
  await check("rotate-key.sh gives a new key while the old one works, without a restart", async () => {
    const { vllm } = processes(kept);
    passed(await run("rotate-key.sh", env));
    assert.equal(processes(kept).vllm, vllm);
    assert.notEqual(kept("api-key.txt"), old);
    for (const key of [old, kept("api-key.txt")]) assert.equal(await statusOf(`${url}/v1/models`, key), 200);
    if (!podpass) return "";
    passed(await ask());
    await podpass.run(["pod", "key", "gpu"], `${kept("api-key.txt")}\n`);
    return passed(await ask());
  });
  await check("rotate-key.sh --finish ends the old key with a restart", async () => {
    const { out, ...end } = await run("rotate-key.sh", env, ["--finish"]);
    passed({ out, ...end });
    assert.equal(await statusOf(`${url}/v1/models`, old), 401);
    assert.equal(await statusOf(`${url}/v1/models`, kept("api-key.txt")), 200);
    passed(await run("test-api.sh", env));
    if (podpass) await eventually(ask);
    return out.match(/Ready after \d+ s/)?.[0];
  });
  await check("stop-server.sh leaves nothing of it", async () => {
    const { vllm } = processes(kept);
    passed(await run("stop-server.sh", env));
    const left = readdirSync("/proc").filter((pid) => groupOf(pid) === vllm);
    assert.deepEqual(left, []);
  });
}

/** A new pod and a new member in Podpass; returns how that member asks. */
async function throughPodpass({ check, env, url, kept, podpass }) {
  let secret = "";
  const ask = () => run("test-api-local.sh", { ...env, API_URL: podpass.url, VLLM_API_KEY: secret });
  await check("a member's first request reaches the pod through Podpass", async () => {
    for (const { id } of await podpass.run(["pod", "list"])) await podpass.run(["pod", "remove", id]);
    await podpass.run(["pod", "add", "gpu", url, "--key-stdin"], `${kept("api-key.txt")}\n`);
    await podpass.run(["member", "add", "ada@example.com"]);
    ({ secret } = await podpass.run(["key", "issue", "--member", "ada@example.com", "--name", "laptop"]));
    return eventually(ask);
  });
  return ask;
}

/** Podpass looks at its pods every few seconds: what fails at first may pass then. */
async function eventually(ask) {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const end = await ask();
    if (end.code === 0 || performance.now() > deadline) return passed(end);
  }
}

const processes = (kept) => ({ vllm: kept("server.pid").match(/^vllm (\d+)/m)?.[1] });

/** The process group of one that runs; null for one that has ended, also where its parent has not noticed yet. */
function groupOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return /[ZX]/.test(state) ? null : group;
  } catch {
    return null;
  }
}
