import { setTimeout as sleep } from "node:timers/promises";
import type { Figure } from "../figures";
import { startWholeServer } from "../peers/whole-server";
import type { StreamsJob } from "../protocol";
import type { Rig } from "../rig";
import { quantile, spreadOf } from "../statistics";

const PATHS = ["/keys", "/usage", "/requests", "/team", "/pods", "/activity"];
const CONNECTIONS = 4;
const DASHBOARD_PATIENCE_MS = 30_000;

type Pace = { rounds: number; durationMs: number };
export const PACE = {
  quick: { rounds: 2, durationMs: 2_000 },
  full: { rounds: 4, durationMs: 6_000 },
} satisfies Record<string, Pace>;

/** 200 streams alone, then beside dashboard pages rendered as fast as they come, in turn. Needs the dashboard's build. */
export async function measurePages(rig: Rig, { rounds, durationMs }: Pace): Promise<Figure[]> {
  const whole = await startWholeServer(rig.folder, { ...rig.environment, session: rig.first.session });
  if (whole === null) return [];
  const paths = await pathsThatAnswer(whole.target.port, whole.cookie);
  const alone: number[] = [];
  const beside: number[] = [];
  let pages = 0;
  let failures = 0;
  const job: StreamsJob = {
    ...{ kind: "streams", target: whole.target, slots: 200, events: 100, everyMs: 20 },
    ...{ rampMs: 2_000, durationMs },
  };
  const pagesJob = {
    kind: "pages",
    port: whole.target.port,
    cookie: whole.cookie,
    paths,
    connections: CONNECTIONS,
  } as const;
  // Neither the first pages of a process nor its first streams tell what later ones cost.
  await rig.beside({ ...pagesJob, durationMs: 2_000 });
  await rig.run({ ...job, durationMs: 500 }, "first streams of the whole server");
  for (let round = 0; round < rounds; round += 1) {
    const without = await rig.run(job, "200 streams, dashboard idle");
    alone.push(quantile(without.gapsMs, 0.99));
    const rendering = rig.beside({ ...pagesJob, durationMs: job.rampMs + durationMs });
    const within = await rig.run(job, "200 streams beside pages");
    beside.push(quantile(within.gapsMs, 0.99));
    const { answered, errors } = await rendering;
    pages += answered;
    failures += errors;
  }
  await whole.stop();
  const seconds = (rounds * (job.rampMs + durationMs)) / 1_000;
  const typical = (values: number[]) => spreadOf(values).median.toFixed(1);
  return [
    {
      name: "gap between events p99, pages rendered flat out beside 200 streams",
      value: spreadOf(beside.map((gap, round) => gap / (alone[round] ?? Number.NaN))),
      unit: "×",
      detail: `${typical(beside)} ms against ${typical(alone)} ms alone; ${(pages / seconds).toFixed(0)} pages/s (${paths.join(" ")}), ${failures} failed`,
      goal: { better: "less", least: 2, aim: 1.1 },
    },
  ];
}

/** The pages that this build has. The first is waited for: the dashboard's process starts after the gateway's. */
async function pathsThatAnswer(port: number, cookie: string): Promise<string[]> {
  const [first = "/", ...others] = PATHS;
  const statusOf = (path: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { cookie }, redirect: "manual" }).then(({ status }) => status);
  const deadline = Date.now() + DASHBOARD_PATIENCE_MS;
  while ((await statusOf(first)) !== 200) {
    if (Date.now() > deadline) throw new Error(`The dashboard does not show ${first}.`);
    await sleep(200);
  }
  const found = [first];
  for (const path of others) if ((await statusOf(path)) === 200) found.push(path);
  return found;
}
