import { execFile } from "node:child_process";
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
import { startNginx } from "./peers/nginx";
import type { Peer } from "./peers/peer";
import { startPodpass } from "./peers/podpass";
import { startPortkey } from "./peers/portkey";
import { type Job, POD_KEY, type ResultOf, type UpstreamLedger } from "./protocol";

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
  const upstream = startNode(built("upstream"));
  const { port: upstreamPort } = await messageOf<{ port: number }>(upstream);
  const load = startNode(built("load"));
  await messageOf(load);
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

  /** Runs one job. At a peer that keeps rows, what was answered is compared with what was recorded. */
  async function run<J extends Job>(job: J, account?: string): Promise<ResultOf<J>> {
    const before = account === undefined ? null : { rows: await database.rowsOf(first.keyId), pod: await ledger() };
    load.send(job);
    const { result, failure } = await messageOf<{ result: ResultOf<J>; failure?: string }>(load);
    if (failure !== undefined) throw new Error(failure);
    if (account !== undefined && before !== null) {
      const pod = await ledger();
      const answered = pod.plain - before.pod.plain + pod.streams - before.pod.streams;
      const rows = await landedRows(() => database.rowsOf(first.keyId), before.rows.completed + answered);
      accounts.push({
        what: account,
        answered,
        rows: rows.completed - before.rows.completed,
        tokensSent: pod.tokens - before.pod.tokens,
        tokensInRows: rows.tokens - before.rows.tokens,
        others: rows.others - before.rows.others,
      });
    }
    return result;
  }

  async function ledger(): Promise<UpstreamLedger> {
    upstream.send("ledger");
    return (await messageOf<{ ledger: UpstreamLedger }>(upstream)).ledger;
  }

  const podpass = (name = "Podpass", bundle = options.gateway ?? "dist/gateway-worker.js", profileIn?: string) =>
    startPodpass({ name, bundle: resolve(bundle), folder, profileIn, ...environment });

  /** The peers asked for, those that this machine has; started in turn. */
  async function peers(wanted: readonly string[]): Promise<Peer[]> {
    const surroundings = { upstreamPort, folder };
    const starters: Record<string, () => Promise<Peer | null>> = {
      nginx: () => startNginx(surroundings),
      bare: () => startBare(surroundings),
      portkey: () => startPortkey(surroundings),
    };
    const started: Peer[] = [];
    for (const name of wanted) {
      const peer = (await starters[name]?.()) ?? null;
      if (peer !== null) started.push(peer);
      else process.stderr.write(`Without ${name}: it is not here.\n`);
    }
    if (options.against !== null) started.push(await podpass("other bundle", options.against));
    return started;
  }

  async function stop() {
    await Promise.all([end(load, () => load.disconnect()), end(upstream, () => upstream.disconnect())]);
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  }

  return { folder, database, environment, first, direct, accounts, run, podpass, peers, stop };
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
