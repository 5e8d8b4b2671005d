// Starts everything on loopback, measures, prints one table, and ends what it started.
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { killAll } from "./children";
import { type Figure, tableOf } from "./figures";
import { type Options, type Part, readOptions, USAGE } from "./options";
import { PACE as ADMISSION, measureAdmission } from "./parts/admission";
import { PACE as LATENCY, measureLatency } from "./parts/latency";
import { PACE as MANY, measureManyRows } from "./parts/many-rows";
import { measureOpenStreams, PACE as OPEN } from "./parts/open-streams";
import { measurePages, PACE as PAGES } from "./parts/pages";
import { measurePlain, PACE as PLAIN } from "./parts/plain";
import { measureRows, PACE as ROWS } from "./parts/rows";
import { measureStreams, PACE as STREAMS } from "./parts/streams";
import type { Peer } from "./peers/peer";
import { profileGateway } from "./profile";
import { type Account, type Rig, startRig } from "./rig";

/** Whatever hangs: the run ends by itself. Ten million rows take their time to be made. */
const LONGEST_RUN_MS = 40 * 60_000;
const say = (text: string) => process.stderr.write(`${text}\n`);

/** Peers by the beginning of their name. */
const called = (prefix: string) => (peer: Peer) => peer.name.startsWith(prefix);

async function measure(rig: Rig, options: Options): Promise<Figure[]> {
  const speed = options.isQuick ? "quick" : "full";
  const podpass = await rig.podpass();
  const peers = await rig.peers(options.peers ?? ["nginx", "bare", "portkey", "next"]);
  const other = peers.filter(called("other"));
  const parts: Record<Part, () => Promise<Figure[]>> = {
    plain: () => measurePlain(rig, podpass, peers, PLAIN[speed]),
    latency: () => measureLatency(rig, podpass, [...peers.filter(called("nginx")), ...other], LATENCY[speed]),
    streams: () =>
      measureStreams(
        rig,
        podpass,
        peers.filter((peer) => !called("Portkey")(peer)),
        STREAMS[speed],
      ),
    open: () => measureOpenStreams(rig, OPEN[speed]),
    rows: () => measureRows(rig, ROWS[speed]),
    admission: () => measureAdmission(ADMISSION[speed]),
    pages: () => measurePages(rig, PAGES[speed]),
    many: () => measureManyRows(rig, { ...MANY[speed], events: options.events, seeded: options.seeded }),
  };
  const figures: Figure[] = [];
  for (const part of options.parts) {
    const begun = Date.now();
    figures.push(...(await parts[part]()));
    say(`${part}: ${Math.round((Date.now() - begun) / 1_000)} s`);
  }
  await Promise.all([podpass, ...peers].map((peer) => peer.stop()));
  return figures;
}

/** Answered and recorded, run by run: anything but equality is a defect. */
function bookkeeping(accounts: readonly Account[]): { text: string; isExact: boolean } {
  const sum = (of: (account: Account) => number) => accounts.reduce((total, account) => total + of(account), 0);
  const wrong = accounts.filter(
    ({ answered, rows, tokensSent, tokensInRows, others }) =>
      answered !== rows || tokensSent !== tokensInRows || others > 0,
  );
  const total = `${sum(({ answered }) => answered)} requests answered, ${sum(({ rows }) => rows)} rows; ${sum(({ tokensSent }) => tokensSent)} tokens sent, ${sum(({ tokensInRows }) => tokensInRows)} in rows.`;
  return {
    text: [total, ...wrong.map((account) => `NOT EQUAL: ${JSON.stringify(account)}`)].join("\n"),
    isExact: wrong.length === 0,
  };
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") {
    process.stdout.write(USAGE);
    return;
  }
  const loadBefore = loadavg()[0] ?? 0;
  const rig = await startRig(options);
  try {
    if (options.profile !== null) {
      process.stdout.write(`${await profileGateway(rig, options.profile)}\n`);
      return;
    }
    const figures = await measure(rig, options);
    const { text, isExact } = bookkeeping(rig.accounts);
    const machine = `Node ${process.versions.node}, ${cpus().length} cores, ${cpus()[0]?.model ?? ""}; load average before: ${loadBefore.toFixed(1)}`;
    process.stdout.write(`${new Date().toISOString()}  ${machine}\n\n${tableOf(figures)}\n\n${text}\n`);
    if (options.json !== null) {
      writeFileSync(
        options.json,
        `${JSON.stringify({ at: new Date(), machine, figures, accounts: rig.accounts }, null, 2)}\n`,
      );
    }
    if (!isExact) process.exitCode = 1;
  } finally {
    await rig.stop();
  }
}

const watchdog = setTimeout(() => {
  say("The benchmark took too long and was ended.");
  killAll();
  process.exit(1);
}, LONGEST_RUN_MS);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    killAll();
    process.exit(130);
  });
}
process.on("exit", killAll);

main()
  .catch((error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
  })
  .finally(() => {
    clearTimeout(watchdog);
    process.exit();
  });
