import { addUp } from "@/lib/operations/exposition";
import { type Figure, outlivesItsProcess } from "@/lib/operations/figures";
import type { FiguresMessage, ToWorker } from "./messages";

/** A gateway worker as the exchange sees it. */
export type Peer = { isConnected(): boolean; send(message: ToWorker): unknown };

/** An ask of one worker, on its way round the others. */
type Round = { asker: Peer; ask: number; missing: Set<Peer>; timer: NodeJS.Timeout };

/** A worker that is this late is counted with what it said last. */
const PATIENCE_MS = 1_000;

/**
 * The supervisor's part in adding up the workers' figures: a worker that is scraped gets the others' from here. Counts of
 * workers that ended are kept, because a sum that shrinks looks like a restart, and whoever draws rates from it would see
 * everything that ever happened happen again.
 */
export function createFiguresExchange(workers: ReadonlySet<Peer>, patienceMs = PATIENCE_MS) {
  const latest = new Map<Peer, Figure[]>();
  const rounds = new Map<number, Round>();
  let ended: Figure[][] = [];
  let lastRound = 0;

  function hear(from: Peer, message: FiguresMessage) {
    latest.set(from, message.figures);
    if (message.type === "figures-wanted") begin(from, message.ask);
    else tick(message.ask, from);
  }

  function begin(asker: Peer, ask: number) {
    const missing = new Set([...workers].filter((worker) => worker !== asker && worker.isConnected()));
    lastRound += 1;
    const round = lastRound;
    const timer = setTimeout(() => finish(round), patienceMs);
    rounds.set(round, { asker, ask, missing, timer });
    for (const worker of missing) worker.send({ type: "figures-please", ask: round });
    if (missing.size === 0) finish(round);
  }

  function tick(round: number, from: Peer) {
    const missing = rounds.get(round)?.missing;
    missing?.delete(from);
    if (missing?.size === 0) finish(round);
  }

  function finish(number: number) {
    const round = rounds.get(number);
    if (round === undefined) return;
    rounds.delete(number);
    clearTimeout(round.timer);
    const others = [...latest].filter(([worker]) => worker !== round.asker).map(([, figures]) => figures);
    if (round.asker.isConnected()) {
      round.asker.send({ type: "figures-of-others", ask: round.ask, figures: [...others, ...ended] });
    }
    if (ended.length > 1) void compact();
  }

  /** One sum instead of one list for each worker that ever ended. */
  async function compact() {
    const before = ended;
    const sum = await addUp(before);
    ended = [sum, ...ended.slice(before.length)];
  }

  /** To be called when a worker has ended. */
  function leave(worker: Peer) {
    const last = latest.get(worker);
    latest.delete(worker);
    if (last !== undefined) ended = [...ended, last.filter(outlivesItsProcess)];
    for (const round of [...rounds.keys()]) tick(round, worker);
  }

  return { hear, leave };
}
