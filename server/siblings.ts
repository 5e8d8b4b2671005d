import { AppError } from "@/lib/errors";
import type { Figure } from "@/lib/operations/figures";
import type { FromWorker, ToWorker } from "./messages";

/** Longer than the supervisor waits for the slowest worker. */
const PATIENCE_MS = 3_000;

type Options = { tell: (message: FromWorker) => void; own: () => Figure[]; patienceMs?: number };

/** A worker's part in adding up all workers' figures: it asks for the others', and tells its own when asked. */
export function createSiblings({ tell, own, patienceMs = PATIENCE_MS }: Options) {
  const waiting = new Map<number, (others: Figure[][]) => void>();
  let lastAsk = 0;

  return {
    /** The figures of every worker. Rejects when they don't come: a sum that lacks some would look like a restart. */
    withOthers(figures: Figure[]): Promise<Figure[][]> {
      lastAsk += 1;
      const ask = lastAsk;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(ask);
          reject(new AppError("internal_error", "The other processes' figures did not come. Try again."));
        }, patienceMs);
        waiting.set(ask, (others) => {
          waiting.delete(ask);
          clearTimeout(timer);
          resolve([figures, ...others]);
        });
        tell({ type: "figures-wanted", ask, figures });
      });
    },
    hear(message: ToWorker) {
      if (message.type === "figures-please") tell({ type: "figures", ask: message.ask, figures: own() });
      if (message.type === "figures-of-others") waiting.get(message.ask)?.(message.figures);
    },
  };
}
