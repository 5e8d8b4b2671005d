import { mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../server/ports";
import { end, startNode } from "../children";
import type { Target } from "../protocol";
import { builtNext } from "./next-routes";
import { type Peer, untilAnswers } from "./peer";
import { environmentOf, type PodpassEnvironment } from "./podpass";

/**
 * Podpass as `npm start` runs it, gateway and dashboard behind one port. `cookie` signs a browser in. It is there once it answers
 * a call with the environment's key, or as `until` has it.
 */
export async function startWholeServer(
  folder: string,
  environment: PodpassEnvironment & { session: string },
  until: (name: string, target: Target) => Promise<void> = untilAnswers,
): Promise<(Peer & { cookie: string }) | null> {
  if ((await builtNext()) === null) return null;
  const home = join(folder, `whole-${Date.now()}`);
  mkdirSync(home, { recursive: true });
  const port = await freePort();
  const log = openSync(join(home, "log"), "a");
  const child = startNode(fileURLToPath(new URL("../../dist/server.js", import.meta.url)), {
    env: environmentOf(environment, home, port),
    stdio: ["ignore", log, log, "ipc"],
  });
  const target = { port, headers: { authorization: `Bearer ${environment.secret}` }, pids: [child.pid ?? 0] };
  await until("The whole server", target);
  const cookie = `podpass-session-${port}=${environment.session}`;
  return { name: "Podpass with its dashboard", target, keepsRows: true, cookie, stop: () => end(child) };
}
