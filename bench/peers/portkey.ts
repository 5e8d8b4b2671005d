import { execFileSync } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../server/ports";
import { end, PLAIN_ENVIRONMENT, startProgram } from "../children";
import { POD_KEY } from "../protocol";
import { type Peer, type Surroundings, untilAnswers } from "./peer";

const home = import.meta.dirname;
const program = join(home, "node_modules/@portkey-ai/gateway/build/start-server.js");

/**
 * Portkey's gateway from npm, which checks no keys and records nothing. Installed at first use into a folder of its own;
 * null where that fails. On loopback alone: its release has an open hole that lets callers choose where it sends requests.
 */
export async function startPortkey({ upstreamPort, folder }: Surroundings): Promise<Peer | null> {
  if (!existsSync(program) && !install()) return null;
  const port = await freePort();
  const log = openSync(join(folder, "portkey.log"), "a");
  // It has no setting for its address: the preloaded line keeps it off every network.
  const loopback = join(home, "listen-on-loopback.cjs");
  const child = startProgram(process.execPath, ["-r", loopback, program, `--port=${port}`, "--headless"], {
    env: PLAIN_ENVIRONMENT,
    stdio: ["ignore", log, log],
  });
  const target = {
    port,
    headers: {
      authorization: `Bearer ${POD_KEY}`,
      "x-portkey-provider": "openai",
      "x-portkey-custom-host": `http://127.0.0.1:${upstreamPort}/v1`,
    },
    pids: [child.pid ?? 0],
  };
  await untilAnswers("Portkey", target);
  return { name: "Portkey gateway 1.15.2", target, stop: () => end(child) };
}

function install() {
  try {
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: home,
      stdio: ["ignore", 2, 2],
    });
    return existsSync(program);
  } catch {
    return false;
  }
}
