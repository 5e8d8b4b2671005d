import { mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../server/ports";
import { end, startNode } from "../children";
import { type Peer, type Surroundings, untilAnswers } from "./peer";
import { environmentOf, type PodpassEnvironment } from "./podpass";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where the build put Next's output; null while there is none. */
export async function builtNext(): Promise<string | null> {
  // Imported late: it reads the environment of a running product.
  const { nextOutput } = await import("../../server/next-app");
  try {
    return nextOutput(root);
  } catch {
    return null;
  }
}

/** The same gateway behind Next's route handlers, as `next start` runs it. Null while the dashboard has not been built. */
export async function startNextRoutes({ folder }: Surroundings, environment: PodpassEnvironment): Promise<Peer | null> {
  const output = await builtNext();
  if (output === null) return null;
  const home = join(folder, "next-routes");
  mkdirSync(home);
  const port = await freePort();
  const log = openSync(join(home, "log"), "a");
  const child = startNode(join(output, "server.js"), {
    cwd: output,
    env: { ...environmentOf(environment, home, port), HOSTNAME: "127.0.0.1", KEEP_ALIVE_TIMEOUT: "75000" },
    stdio: ["ignore", log, log, "ipc"],
  });
  const target = { port, headers: { authorization: `Bearer ${environment.secret}` }, pids: [child.pid ?? 0] };
  await untilAnswers("Next", target);
  return { name: "Next's route handlers", target, keepsRows: true, stop: () => end(child) };
}
