import cluster, { type Worker } from "node:cluster";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createLedger } from "@/lib/limits/ledger";
import { createLimitsKeeper } from "@/lib/limits/shared-store";
import type { StandingsTold, StandingsWanted } from "@/lib/limits/standings-line";
import { log } from "@/lib/log";
import { createFiguresExchange } from "./figures-exchange";
import { type FromWorker, isAboutLimits, type ToWorker } from "./messages";
import { createStandingsExchange } from "./standings-exchange";
import { StartError } from "./start-error";

const BACKOFF_MS = [50, 250, 1_000, 5_000];
const GOOD_RUN_MS = 60_000;
/** What a worker may take beyond the drain limit to write down what it knows. */
const FLUSH_PATIENCE_MS = 15_000;

/**
 * A request's objects live for a few turns of the event loop. With V8's small default nursery many of them are copied
 * again and again, and promoted, before they die: a sixth of the gateway's CPU time under load. Nor may V8 guess that an object
 * lives for long because the ones before it did: an old object that is dead keeps the young ones it holds alive.
 */
export const HEAP = ["--min-semi-space-size=16", "--max-semi-space-size=32", "--no-allocation-site-pretenuring"];

export type GatewayWorkers = {
  send(message: ToWorker): void;
  /** How limits stand, as one of the workers tells it. */
  askStandings(wanted: StandingsWanted, reply: (told: StandingsTold) => void): void;
  /** No new work; settles when every worker has finished and ended. */
  drain(limitMs: number): Promise<void>;
  /** Ends every worker at once. */
  kill(): Promise<void>;
};

/**
 * Forks the processes that answer on the one public port, and replaces any that dies. Settles when all listen.
 * `greeting` is what a new worker is told first.
 */
export async function startGatewayWorkers(
  count: number,
  environment: NodeJS.ProcessEnv,
  greeting: () => ToWorker,
): Promise<GatewayWorkers> {
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ exec: fileURLToPath(new URL("../dist/gateway-worker.js", import.meta.url)), execArgv: HEAP });
  const workers = new Set<Worker>();
  const figures = createFiguresExchange(workers);
  const standings = createStandingsExchange(workers);
  // Several workers are one to whoever calls: their limits are kept here.
  const limits = createLimitsKeeper<Worker>(
    createLedger(() => performance.now()),
    (worker, answer) => {
      if (worker.isConnected()) worker.send(answer);
    },
  );
  let isStopping = false;
  let failures = 0;

  const send = (message: ToWorker) => {
    for (const worker of workers) if (worker.isConnected()) worker.send(message);
  };

  function launch(): Promise<void> {
    const worker = cluster.fork(environment);
    const startedAt = Date.now();
    workers.add(worker);
    return new Promise((resolve, reject) => {
      worker.on("message", (message: FromWorker) => {
        if (message.type === "figures-wanted" || message.type === "figures") return figures.hear(worker, message);
        if (message.type === "standings-told") return standings.hear(message);
        // What a worker said last may arrive after its end, when all it held is free already.
        if (isAboutLimits(message)) return workers.has(worker) ? limits.hear(worker, message) : undefined;
        if (message.type === "listening") {
          // Said again to each new worker: it was not there when it was said first.
          worker.send(greeting());
          resolve();
        }
        if (message.type === "failed") reject(new StartError(message.reason));
      });
      worker.once("exit", (code, signal) => {
        workers.delete(worker);
        figures.leave(worker);
        limits.leave(worker);
        reject(new StartError("The gateway's process does not start. What it says is above."));
        if (isStopping) return;
        failures = Date.now() - startedAt > GOOD_RUN_MS ? 1 : failures + 1;
        log.error({ code, signal }, "a gateway process ended; starting another");
        void sleep(BACKOFF_MS[Math.min(failures, BACKOFF_MS.length) - 1], undefined, { ref: false }).then(() => {
          if (!isStopping) launch().catch(() => undefined);
        });
      });
    });
  }

  const untilAllEnded = () =>
    Promise.all([...workers].map((worker) => new Promise<void>((resolve) => worker.once("exit", () => resolve()))));

  const kill = async () => {
    isStopping = true;
    const ended = untilAllEnded();
    for (const worker of workers) worker.process.kill("SIGKILL");
    await ended;
  };

  try {
    await Promise.all(Array.from({ length: count }, launch));
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    send,
    kill,
    askStandings: standings.ask,
    async drain(limitMs) {
      isStopping = true;
      const ended = untilAllEnded();
      send({ type: "drain", limitMs });
      const timer = setTimeout(() => {
        for (const worker of workers) worker.process.kill("SIGKILL");
      }, limitMs + FLUSH_PATIENCE_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
