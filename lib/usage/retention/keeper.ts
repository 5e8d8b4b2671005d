import type { Logger } from "pino";
import type { Removed } from "./mutations";

type Options = {
  remove: (isStopping: () => boolean) => Promise<Removed | null>;
  log: Pick<Logger, "info" | "warn">;
  /** A start has better things to do. */
  firstMs?: number;
  everyMs?: number;
};

/** Has expired requests removed now and then, one round after the other. What fails is tried again in the next round. */
export function keepRetention({ remove, log, firstMs = 60_000, everyMs = 600_000 }: Options) {
  let isStopping = false;
  let timer = setTimeout(() => void round(), firstMs).unref();

  async function round() {
    try {
      const removed = await remove(() => isStopping);
      if (removed !== null && removed.events + removed.partitions > 0)
        log.info(removed, "expired requests were removed");
    } catch (error) {
      if (!isStopping) log.warn({ err: error }, "expired requests could not be removed");
    }
    if (!isStopping) timer = setTimeout(() => void round(), everyMs).unref();
  }

  return {
    stop() {
      isStopping = true;
      clearTimeout(timer);
    },
  };
}
