import cluster from "node:cluster";
import { once } from "node:events";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../server/ports";
import { end, kept, PLAIN_ENVIRONMENT } from "../children";
import type { Peer } from "./peer";

/** What the gateway runs on: its own database with a pod and a key in it. */
export type PodpassEnvironment = { databaseUrl: string; rootSecret: string; secret: string };

type Options = PodpassEnvironment & {
  name: string;
  bundle: string;
  folder: string;
  /** For Node itself. */
  flags: string[];
};

/**
 * One gateway process, started as the server starts its gateway workers and with everything on: the key is checked, the
 * request is checked and admitted, each has its journal lines and its row.
 */
export async function startPodpass({ name, bundle, flags, folder, ...given }: Options): Promise<Peer> {
  const home = join(folder, `podpass-${cluster.workers ? Object.keys(cluster.workers).length : 0}-${Date.now()}`);
  mkdirSync(home);
  const port = await freePort();
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ exec: bundle, execArgv: flags, silent: true });
  const worker = cluster.fork({
    // `fork` adds to this process's own variables, and an empty one counts as not set.
    ...Object.fromEntries(Object.keys(process.env).map((key) => [key, ""])),
    ...environmentOf(given, home, port),
  });
  const child = kept(worker.process);
  const log = createWriteStream(join(home, "log"));
  child.stdout?.pipe(log);
  child.stderr?.pipe(log);
  const [message] = (await once(worker, "message")) as [{ type: string; reason?: string }];
  if (message.type !== "listening") throw new Error(`${name} does not start: ${message.reason ?? "see its log"}`);
  const target = { port, headers: { authorization: `Bearer ${given.secret}` }, pids: [child.pid ?? 0] };
  return {
    name,
    target,
    keepsRows: true,
    stop: () => end(child, () => worker.send({ type: "drain", limitMs: 1_000 })),
  };
}

/** The variables of a Podpass process, on a data folder and a port of its own. */
export function environmentOf({ databaseUrl, rootSecret }: PodpassEnvironment, dataDir: string, port: number) {
  return {
    ...PLAIN_ENVIRONMENT,
    NEXT_TELEMETRY_DISABLED: "1",
    DATABASE_URL: databaseUrl,
    PODPASS_SECRET: rootSecret,
    PODPASS_DATA_DIR: dataDir,
    HOST: "127.0.0.1",
    PORT: String(port),
  };
}
