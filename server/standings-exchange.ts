import type { StandingsTold, StandingsWanted } from "@/lib/limits/standings-line";
import type { ToWorker } from "./messages";

/** A gateway worker as the exchange sees it. */
export type Peer = { isConnected(): boolean; send(message: ToWorker): unknown };

/** Whoever asked has given up by then. */
const FORGET_MS = 5_000;

/**
 * The supervisor's part in showing how limits stand: the dashboard's process asks, any worker knows. Workers share their
 * limits, so one answer is the answer.
 */
export function createStandingsExchange(workers: ReadonlySet<Peer>) {
  const waiting = new Map<number, { reply: (told: StandingsTold) => void; turn: number; timer: NodeJS.Timeout }>();
  let lastTurn = 0;

  function ask({ turn, accounts }: StandingsWanted, reply: (told: StandingsTold) => void) {
    const worker = [...workers].find((each) => each.isConnected());
    if (worker === undefined) return reply({ type: "standings-told", turn, standings: null });
    lastTurn += 1;
    const ours = lastTurn;
    const timer = setTimeout(() => waiting.delete(ours), FORGET_MS).unref();
    waiting.set(ours, { reply, turn, timer });
    worker.send({ type: "standings-wanted", turn: ours, accounts });
  }

  function hear(told: StandingsTold) {
    const asked = waiting.get(told.turn);
    if (asked === undefined) return;
    waiting.delete(told.turn);
    clearTimeout(asked.timer);
    asked.reply({ ...told, turn: asked.turn });
  }

  return { ask, hear };
}
