import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { promisify } from "node:util";
import { freePort, start, until } from "./processes.mjs";

const ROOT = new URL("../..", import.meta.url).pathname;
const OWNER = "owner@example.com";
const execute = promisify(execFile);

/** Starts the product as a person would, with its own database in `folder` and the given pod behind it; resolves when it is ready. */
export async function startPodpass({ folder, podUrl, podKey }) {
  const data = `${folder}/data`;
  mkdirSync(data);
  chmodSync(folder, 0o755); // the embedded PostgreSQL of a root user runs as another one and has to get through
  const port = await freePort();
  const env = {
    NODE_ENV: "production",
    PORT: String(port),
    DATABASE_URL: "",
    REDIS_URL: "",
    PODPASS_SECRET: "",
    PUBLIC_URL: "",
    PODPASS_DATA_DIR: data,
    VLLM_BASE_URL: podUrl,
    VLLM_API_KEY: podKey,
    ADMIN_EMAIL: OWNER,
    ADMIN_PASSWORD: randomBytes(24).toString("base64url"),
  };
  const started = start("Podpass", "npm", ["start"], {
    env,
    cwd: ROOT,
    logFile: `${folder}/podpass.log`,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const url = `http://127.0.0.1:${port}`;
  await until(started, "ready", 600_000, async () => (await fetch(`${url}/readyz`)).ok);
  const podpass = (...args) => cli(args, env);
  const podName = async () => (await podpass("pod", "list"))[0].name;
  return {
    url,
    /** What a command prints as JSON, with a text on its standard input. */
    run: (args, input) => cli(args, env, input),
    issueKey: (name) => podpass("key", "issue", "--member", OWNER, "--name", name),
    /** Marks the pod as one whose proxy gives up on silence, or no longer. */
    async setBehindProxy(isBehind) {
      const [pod] = await podpass("pod", "list");
      await podpass("pod", "edit", pod.name, "--behind-proxy", isBehind ? "on" : "off");
    },
    pods: () => podpass("pod", "list"),
    editPod: async (...options) => podpass("pod", "edit", await podName(), ...options),
    setPodKey: async (key) => cli(["pod", "key", await podName()], env, key),
    usage: (by) => podpass("usage", "export", "--by", by, "--format", "json"),
  };
}

/** What the command line printed as JSON. */
async function cli(args, env, input = "") {
  const running = execute("npm", ["run", "-s", "podpass", "--", ...args, "--json"], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  running.child.stdin.end(input);
  return JSON.parse((await running).stdout);
}
