import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { keepCosts } from "./mutations";

const EVERY_MS = 10_000;
/** Where sharing out takes long, it is done more seldom: at most a twentieth of the time goes into it. */
const REST_FACTOR = 20;
const LONGEST_REST_MS = 30_000;
const CLOSE_MS = 1_000;

/** Keeps the pods' hours shared out for as long as this process runs. Every gateway process may: one at a time does it. */
export function openCostKeeper(log: Pick<Logger, "warn">) {
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let isFailing = false;

  async function turn() {
    const startedAt = performance.now();
    try {
      await keepCosts();
      isFailing = false;
    } catch (error) {
      if (!isFailing) log.warn({ err: error }, "the pods' hours cannot be shared out; what is known stays");
      isFailing = true;
    }
    const took = performance.now() - startedAt;
    const rest = Math.max(EVERY_MS, Math.min(LONGEST_REST_MS, took * REST_FACTOR));
    if (!isClosed) timer = setTimeout(begin, rest).unref();
  }

  let running = Promise.resolve();
  function begin() {
    running = turn();
  }
  begin();

  return {
    async close() {
      isClosed = true;
      clearTimeout(timer);
      // A database that hangs holds no shutdown up: what is not committed is done again by the next process.
      await Promise.race([running, sleep(CLOSE_MS, undefined, { ref: false })]);
    },
  };
}
