import { AppError } from "../errors";
import type { Account, Ask, LimitStore, Spent, Standing, Use, Verdict } from "./ask";
import type { Ledger } from "./ledger";

/** Worker → the process that keeps the limits of all workers. */
export type LimitsMessage =
  | { type: "limits-take"; turn: number; ask: Ask }
  /** `use` is null where the call is to be as if it had never been. */
  | { type: "limits-end"; id: string; use: Use | null }
  | { type: "limits-seed"; account: Account; month: string; spent: Spent }
  | { type: "limits-look"; turn: number; accounts: readonly Account[]; month: string };

/** The answer to one `limits-take`. */
export type LimitsVerdict = { type: "limits-verdict"; turn: number; verdict: Verdict };

/** The answer to one `limits-look`. */
export type LimitsSeen = { type: "limits-seen"; turn: number; standings: Standing[] };

/** A worker's end of limits that another process keeps. `send` says false, or throws, when that process is gone. */
export function createSharedStore(send: (message: LimitsMessage) => boolean | undefined) {
  const waiting = new Map<number, (verdict: Verdict) => void>();
  const looking = new Map<number, (standings: Standing[]) => void>();
  let lastTurn = 0;

  function take(ask: Ask): Promise<Verdict> {
    lastTurn += 1;
    const turn = lastTurn;
    return new Promise((resolve, reject) => {
      waiting.set(turn, resolve);
      try {
        send({ type: "limits-take", turn, ask });
      } catch (cause) {
        waiting.delete(turn);
        reject(new AppError("shutting_down", "Podpass is restarting. Send the request again.", { cause }));
      }
    });
  }

  function standings(accounts: readonly Account[], month: string): Promise<Standing[]> {
    lastTurn += 1;
    const turn = lastTurn;
    return new Promise((resolve) => {
      looking.set(turn, resolve);
      tell({ type: "limits-look", turn, accounts, month });
    });
  }

  function tell(message: LimitsMessage) {
    try {
      send(message);
    } catch {
      // The keeper is gone, and with it all that was counted: this process is about to end too.
    }
  }

  const store: LimitStore = {
    take,
    settle: (id, use) => tell({ type: "limits-end", id, use }),
    giveBack: (id) => tell({ type: "limits-end", id, use: null }),
    seed: (account, month, spent) => tell({ type: "limits-seed", account, month, spent }),
    standings,
  };

  function hear(message: LimitsVerdict | LimitsSeen) {
    if (message.type === "limits-seen") {
      looking.get(message.turn)?.(message.standings);
      looking.delete(message.turn);
    } else {
      waiting.get(message.turn)?.(message.verdict);
      waiting.delete(message.turn);
    }
  }

  return { store, hear };
}

const NOTHING_TOLD: Use = { minuteTokens: 0, monthTokens: 0 };

/** The keeper's end: one ledger for many workers. */
export function createLimitsKeeper<Worker>(
  ledger: Ledger,
  answer: (worker: Worker, answer: LimitsVerdict | LimitsSeen) => void,
) {
  const open = new Map<Worker, Set<string>>();

  function hear(worker: Worker, message: LimitsMessage) {
    if (message.type === "limits-seed") return ledger.seed(message.account, message.month, message.spent);
    if (message.type === "limits-look") {
      const standings = ledger.standings(message.accounts, message.month);
      return answer(worker, { type: "limits-seen", turn: message.turn, standings });
    }
    const ids = open.get(worker) ?? new Set();
    open.set(worker, ids);
    if (message.type === "limits-end") {
      ids.delete(message.id);
      if (message.use === null) ledger.giveBack(message.id);
      else ledger.settle(message.id, message.use);
      return;
    }
    const verdict = ledger.take(message.ask);
    if (verdict.is === "taken") ids.add(message.ask.id);
    answer(worker, { type: "limits-verdict", turn: message.turn, verdict });
  }

  /** A worker has ended: what it held is free again. */
  function leave(worker: Worker) {
    for (const id of open.get(worker) ?? []) ledger.settle(id, NOTHING_TOLD);
    open.delete(worker);
  }

  return { hear, leave };
}
