import { type ChildProcess, execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { end, messageOf, PLAIN_ENVIRONMENT, startNode } from "./children";
import { type Database, landedRows, startDatabase } from "./database";
import type { FirstRows } from "./first-rows";
import type { Options } from "./options";
import { startBare } from "./peers/bare";
import { startNextRoutes } from "./peers/next-routes";
import { startNginx } from "./peers/nginx";
import type { Peer } from "./peers/peer";
import { startPodpass } from "./peers/podpass";
import { startPortkey } from "./peers/portkey";
import {
  type ConstantRateResult,
  type Job,
  PLAIN_TOKENS,
  POD_KEY,
  type ResultOf,
  type UpstreamLedger,
} from "./protocol";

const built = (name: string) => join(import.meta.dirname, ".build", `${name}.mjs`);

/** What was answered through Podpass, beside what its rows say. */
export type Account = {
  what: string;
  answered: number;
  rows: number;
  tokensSent: number;
  tokensInRows: number;
  others: number;
};

export type Rig = Awaited<ReturnType<typeof startRig>>;

/** Everything that a measurement needs, on loopback and in a folder of its own. `stop` ends and removes all of it. */
export async function startRig(options: Options) {
  const folder = mkdtempSync(join(tmpdir(), "podpass-bench-"));
  chmodSync(folder, 0o711);
  // Also where the run is broken off.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  const upstream = startNode(built("upstream"));
  const { port: upstreamPort } = await messageOf<{ port: number }>(upstream);
  const [load, secondLoad] = [startNode(built("load")), startNode(built("load"))];
  await Promise.all([messageOf(load), messageOf(secondLoad)]);
  const database = await startDatabase(options.databaseUrl, folder);
  const rootSecret = randomBytes(32).toString("hex");
  const first = await firstRows(database, rootSecret, upstreamPort);
  const environment = { databaseUrl: database.url, rootSecret, secret: first.secret };
  const direct: Peer = {
    name: "direct",
    target: { port: upstreamPort, headers: { authorization: `Bearer ${POD_KEY}` }, pids: [upstream.pid ?? 0] },
    stop: async () => undefined,
  };
  const accounts: Account[] = [];

  /** Runs one job. With an account, what the pod answered meanwhile is compared with the rows that came of it. */
  async function run<J extends Job>(job: J, account?: string): Promise<ResultOf<J>> {
    if (account === undefined) return ask(load, job);
    const before = { rows: await database.rowsOf(first.keyId), pod: await ledger() };
    const result = await ask(load, job);
    const pod = await ledger();
    // Where requests went past the gateway too, only those that went through it have rows.
    const past = job.kind === "constant-rate" ? ((result as ConstantRateResult).targets[0]?.answered ?? 0) : 0;
    const answered = pod.plain - before.pod.plain + pod.streams - before.pod.streams - past;
    const rows = await landedRows(() => database.rowsOf(first.keyId), before.rows.completed + answered);
    accounts.push({
      what: account,
      answered,
      rows: rows.completed - before.rows.completed,
      tokensSent: pod.tokens - before.pod.tokens - past * PLAIN_TOKENS,
      tokensInRows: rows.tokens - before.rows.tokens,
      others: rows.others - before.rows.others,
    });
    return result;
  }

  async function ask<J extends Job>(process: ChildProcess, job: J): Promise<ResultOf<J>> {
    process.send(job);
    const { result, failure } = await messageOf<{ result: ResultOf<J>; failure?: string }>(process);
    if (failure !== undefined) throw new Error(failure);
    return result;
  }

  /** Runs a job in a process of its own, for what shall go on beside another. */
  const beside = <J extends Job>(job: J) => ask(secondLoad, job);

  async function ledger(): Promise<UpstreamLedger> {
    upstream.send("ledger");
    return (await messageOf<{ ledger: UpstreamLedger }>(upstream)).ledger;
  }

  // Imported late: what lies behind it reads the environment of a running product.
  const { HEAP: flags } = await import("../server/gateway-workers");
  const bundle = resolve(options.gateway ?? "dist/gateway-worker.js");
  const podpass = (given: { name?: string; bundle?: string; flags?: string[] } = {}) =>
    startPodpass({ name: "Podpass", bundle, flags, folder, ...environment, ...given });

  /** The peers asked for, those that this machine has; started in turn. */
  async function peers(wanted: readonly string[]): Promise<Peer[]> {
    const surroundings = { upstreamPort, folder };
    const starters: Record<string, () => Promise<Peer | null>> = {
      nginx: () => startNginx(surroundings),
      bare: () => startBare(surroundings),
      portkey: () => startPortkey(surroundings),
      next: () => startNextRoutes(surroundings, environment),
    };
    const started: Peer[] = [];
    for (const name of wanted) {
      const peer = (await starters[name]?.()) ?? null;
      if (peer !== null) started.push(peer);
      else process.stderr.write(`Without ${name}: it is not here.\n`);
    }
    const { against, againstFlags } = options;
    if (against !== null || againstFlags !== null) {
      const name = `other gateway (${[against ?? "", ...(againstFlags ?? [])].join(" ").trim()})`;
      started.push(await podpass({ name, bundle: resolve(against ?? bundle), flags: againstFlags ?? flags }));
    }
    return started;
  }

  async function stop() {
    await Promise.all([load, secondLoad, upstream].map((child) => end(child, () => child.disconnect())));
    await database.stop();
  }

  return { folder, bundle, flags, database, environment, first, direct, accounts, run, beside, podpass, peers, stop };
}

async function firstRows(database: Database, rootSecret: string, upstreamPort: number): Promise<FirstRows> {
  const { stdout } = await promisify(execFile)(process.execPath, [built("first-rows")], {
    env: {
      ...PLAIN_ENVIRONMENT,
      DATABASE_URL: database.url,
      PODPASS_SECRET: rootSecret,
      UPSTREAM_PORT: String(upstreamPort),
    },
  });
  return JSON.parse(stdout) as FirstRows;
}
