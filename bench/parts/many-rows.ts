import { execFile } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { PLAIN_ENVIRONMENT, startProgram } from "../children";
import type { Figure } from "../figures";
import { measurePaint } from "../paint";
import type { PodpassEnvironment } from "../peers/podpass";
import { startWholeServer } from "../peers/whole-server";
import { cpuMsOf, dashboardOf, parentOf, rssOf, waitedForMsOf } from "../proc";
import type { Target } from "../protocol";
import type { Rig } from "../rig";
import type { SeededFacts } from "../seeded-facts";
import { type SeededPage, seededPages } from "../seeded-pages";
import { median, quantile, spreadOf } from "../statistics";

const root = join(import.meta.dirname, "../..");
/** Below that the seed leaves the days to be summed up by whoever runs on it. */
const FEWEST_EVENTS = 1_000_000;
const WARM_ROUNDS = 3;
/** So many in a row that the kernel's hundredths of a second tell a millisecond. */
const IN_A_ROW = 10;
const START_PATIENCE_MS = 60_000;
const DASHBOARD_PATIENCE_MS = 60_000;
const DAY_MS = 86_400_000;
const EXPORTED_DAYS = 9;

type Pace = { rounds: number };
type Many = Pace & { events: number; seeded: string | null };
export const PACE = { quick: { rounds: 5 }, full: { rounds: 30 } } satisfies Record<string, Pace>;

/** The pages over a seeded database: how long each takes and its CPU time, how two of them paint, and a long export. */
export async function measureManyRows(rig: Rig, { rounds, events, seeded }: Many): Promise<Figure[]> {
  if (events < FEWEST_EVENTS) throw new Error(`--events: at least ${FEWEST_EVENTS.toLocaleString("en")}.`);
  const environment = { ...rig.environment, databaseUrl: seeded ?? rig.environment.databaseUrl };
  if (seeded === null) await seed(environment, events);
  const facts = await factsOf(environment);
  const { owner, member } = facts.sessions;
  const whole = await startWholeServer(rig.folder, { ...environment, session: owner }, untilReady);
  if (whole === null) throw new Error("The dashboard has not been built. Run: npm run build");
  const { port, pids } = whole.target;
  const cookies = { owner: whole.cookie, member: whole.cookie.replace(owner, member) };
  const ask = ({ who, path }: Pick<SeededPage, "who" | "path">) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { cookie: cookies[who] }, redirect: "manual" });
  await untilShown(() => ask({ who: "owner", path: "/keys" }));
  const dashboard = dashboardOf(pids[0] ?? 0);
  const figures = [
    ...(await measureTimes(seededPages(facts, new Date()), ask, rounds, environment.databaseUrl, dashboard)),
    ...(await measurePaint(port, cookies.owner, ["/keys", "/usage"])),
    await measureExport(ask, dashboard),
  ];
  await whole.stop();
  return figures;
}

/** Fills the database as `npm run db:seed` does, and has it tidied up as it would be some minutes later. */
async function seed(environment: PodpassEnvironment, events: number) {
  const args = ["--import", "tsx", "prisma/seed.ts", "--again", "--events", String(events)];
  const env = variablesOf(environment);
  const seeding = startProgram(process.execPath, args, { cwd: root, env, stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(seeding, "exit");
  if (code !== 0) throw new Error(`The seed ended with ${code}.`);
  const client = new pg.Client({ connectionString: environment.databaseUrl });
  await client.connect();
  await client.query("VACUUM (ANALYZE)").finally(() => client.end());
}

async function factsOf(environment: PodpassEnvironment): Promise<SeededFacts> {
  const bundle = join(root, "bench/.build/seeded-facts.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [bundle], { env: variablesOf(environment) });
  return JSON.parse(stdout) as SeededFacts;
}

function variablesOf({ databaseUrl, rootSecret }: PodpassEnvironment) {
  return { ...PLAIN_ENVIRONMENT, DATABASE_URL: databaseUrl, PODPASS_SECRET: rootSecret, PODPASS_DOTENV: "off" };
}

/** A database that was seeded elsewhere has no key of ours: the server's own word has to do. */
async function untilReady(name: string, { port }: Target) {
  const deadline = Date.now() + START_PATIENCE_MS;
  while (!(await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.ok) {
    if (Date.now() > deadline) throw new Error(`${name} is not ready.`);
    await sleep(200);
  }
}

async function untilShown(ask: () => Promise<Response>) {
  const deadline = Date.now() + DASHBOARD_PATIENCE_MS;
  while ((await ask()).status !== 200) {
    if (Date.now() > deadline) throw new Error("The dashboard does not show its pages.");
    await sleep(200);
  }
}

type Ask = (page: Pick<SeededPage, "who" | "path">) => Promise<Response>;

/** Each page in turn, again and again, with one request at a time; then each by itself for its CPU time. */
async function measureTimes(pages: SeededPage[], ask: Ask, rounds: number, databaseUrl: string, dashboard: number) {
  const times = pages.map((): number[] => []);
  const whole = async (page: SeededPage) => {
    const begun = performance.now();
    const response = await ask(page);
    const { length } = await response.text();
    if (response.status !== 200) throw new Error(`${page.path} answers ${response.status} to the ${page.who}.`);
    return { ms: performance.now() - begun, length };
  };
  for (let round = -WARM_ROUNDS; round < rounds; round += 1) {
    for (const [index, page] of pages.entries()) {
      const { ms } = await whole(page);
      if (round >= 0) times[index]?.push(ms);
    }
  }
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const figures: Figure[] = [];
  for (const [index, page] of pages.entries()) {
    const own = times[index] ?? [];
    const { database, rendering, length } = await cpuOf(client, dashboard, () => whole(page));
    figures.push({
      name: `${page.name}, ${page.who}: p95`,
      value: spreadOf([quantile(own, 0.95)]),
      unit: "ms",
      detail: `p50 ${median(own).toFixed(0)} ms; CPU ${rendering.toFixed(0)} ms here, ${database.toFixed(0)} ms in PostgreSQL; ${(length / 1_000).toFixed(0)} kB`,
      goal: { better: "less", least: page.mostMs, aim: page.mostMs / 2 },
    });
  }
  await client.end();
  return figures;
}

/** What one request costs in the dashboard's process and in PostgreSQL's. */
async function cpuOf(client: pg.Client, dashboard: number, work: () => Promise<{ length: number }>) {
  const { rows } = await client.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
  );
  const backends = rows.map(({ pid }) => pid);
  // What ends meanwhile, backends and parallel workers, is counted by the process that they belong to.
  const postmaster = parentOf(backends[0] ?? 0);
  const spent = () => ({
    database: cpuMsOf(backends) + waitedForMsOf(postmaster),
    rendering: cpuMsOf([dashboard]),
  });
  const before = spent();
  let length = 0;
  for (let n = 0; n < IN_A_ROW; n += 1) ({ length } = await work());
  const after = spent();
  return {
    database: (after.database - before.database) / IN_A_ROW,
    rendering: (after.rendering - before.rendering) / IN_A_ROW,
    length,
  };
}

/** The log of some days as CSV, read as it comes: rows a second, and what memory the dashboard takes for it. */
async function measureExport(ask: Ask, dashboard: number): Promise<Figure> {
  const to = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS);
  const from = new Date(to.getTime() - EXPORTED_DAYS * DAY_MS);
  const begun = performance.now();
  const path = `/requests/export?from=${from.toISOString()}&to=${to.toISOString()}`;
  const response = await ask({ who: "owner", path });
  const first = performance.now() - begun;
  const before = rssOf([dashboard]);
  const half: number[] = [];
  let lines = -1; // the header
  for await (const piece of response.body ?? []) {
    for (const byte of piece as Uint8Array) if (byte === 10) lines += 1;
    half.push(rssOf([dashboard]));
  }
  const seconds = (performance.now() - begun) / 1_000;
  const middle = half.length >> 1;
  const mb = (bytes: number) => Math.round(bytes / 1e6);
  return {
    name: "memory of the dashboard, second half of a long export against the first",
    value: spreadOf([median(half.slice(middle)) / median(half.slice(0, middle))]),
    unit: "×",
    detail: `${lines.toLocaleString("en")} rows of CSV in ${seconds.toFixed(1)} s (${Math.round(lines / seconds)}/s), the first after ${first.toFixed(0)} ms; ${mb(before)} MB before, ${mb(median(half))} MB on the way, ${mb(Math.max(...half))} MB at most`,
    goal: { better: "less", least: 1.2, aim: 1.05 },
  };
}
